"""Merkle trees of RFC 6962 (section 2.1), SHA-256: roots, inclusion proofs and their check.

The hash of a leaf starts with 0x00, of an inner node with 0x01; the empty tree is SHA-256 of
nothing. Splitting at the largest power of two below n is the same as pairing level by level and
carrying an odd last node up unchanged, which is how it is computed here.
"""

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def hash_leaf(leaf: bytes) -> bytes:
    """The hash of a leaf's bytes."""
    return sha256(b"\x00" + leaf).digest()


def hash_pair(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def _compute_next_level(level: list[bytes]) -> list[bytes]:
    above = [
        sha256(b"\x01" + left + right).digest()
        for left, right in zip(level[::2], level[1::2], strict=False)
    ]
    if len(level) % 2:
        above.append(level[-1])
    return above


def compute_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves in order."""
    if not leaves:
        return EMPTY_ROOT
    level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        level = _compute_next_level(level)
    return level[0]


def compute_path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The inclusion proof of leaf `index`: sibling hashes from the leaf up (RFC 6962, 2.1.1)."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    path: list[bytes] = []
    while len(level) > 1:
        if (sibling := index ^ 1) < len(level):
            path.append(level[sibling])
        level = _compute_next_level(level)
        index //= 2
    return tuple(path)


def compute_root_from_path(
    leaf: bytes, index: int, size: int, path: Sequence[bytes]
) -> bytes | None:
    """The root that a path leads to, or None if its shape does not fit (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    node, last = hash_leaf(leaf), size - 1
    for sibling in path:
        if last == 0:
            return None
        if index % 2 or index == last:
            node = hash_pair(sibling, node)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            node = hash_pair(node, sibling)
        index, last = index // 2, last // 2
    return node if last == 0 else None


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Does `leaf` stand at `index` of the tree with `size` leaves and this root."""
    return compute_root_from_path(leaf, index, size, path) == root
