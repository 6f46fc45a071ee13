r"""The state tree: a bucketed sparse Merkle tree over hashed keys.

A leaf is (key hash, value hash). Walking down from the root, bit d of a key hash (most significant
first) chooses left or right at depth d. A prefix with at most 16 leaves is a *bucket*; one with
more is an inner node:

```text
bucket = SHA-256("quorate/state-bucket/1\0" (key hash value hash)*)      in ascending order of keys
inner  = SHA-256("quorate/state-inner/1\0" left right)
```

So the tree is a function of its leaves alone: neither the order nor the history of updates shows in
the root. Nodes are immutable and shared between versions (path copying); a root stays readable for
as long as somebody holds it. One block's changes are one recursive pass over the sorted changes.

Cost: n leaves make about n / 11 buckets; a touched leaf rehashes one bucket and, in big batches, a
handful of inner nodes. Memory: 64 bytes per leaf and about 40 of overhead; values stay on disk.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import islice, pairwise
from typing import TypeAlias

import msgspec

from ledger.hashing import STATE_BUCKET_DOMAIN, STATE_INNER_DOMAIN

BUCKET_LEAVES_MAX = 16
"""Wider buckets mean fewer nodes but more bytes to hash per change; 16 was fastest when measured."""
KEY_BITS = 256
_KEY = 32
_ENTRY = 64
_BUCKET_BYTES_MAX = BUCKET_LEAVES_MAX * _ENTRY


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """At most 16 leaves: `entries` is 64 bytes each, key hash then value hash, ascending."""

    hash: bytes
    entries: bytes
    count: int


class Inner(msgspec.Struct, frozen=True, gc=False):
    """More than 16 leaves below."""

    hash: bytes
    left: "Node"
    right: "Node"
    count: int


Node: TypeAlias = Bucket | Inner
Change: TypeAlias = bytes | None
"""The new value hash of a key, or None to remove its leaf."""


def hash_bucket(entries: bytes) -> bytes:
    """The hash of a bucket's packed leaves."""
    return sha256(STATE_BUCKET_DOMAIN + entries).digest()


def hash_inner(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(STATE_INNER_DOMAIN + left + right).digest()


EMPTY = Bucket(hash_bucket(b""), b"", 0)


def _make_bucket(entries: bytes) -> Bucket:
    if not entries:
        return EMPTY
    digest = sha256(STATE_BUCKET_DOMAIN + entries).digest()
    return Bucket(digest, entries, len(entries) // _ENTRY)


def _join(left: Node, right: Node) -> Node:
    """The node over two halves: an inner node, or one bucket if the leaves fit."""
    count = left.count + right.count
    if count <= BUCKET_LEAVES_MAX:  # then both halves are buckets
        assert isinstance(left, Bucket)
        assert isinstance(right, Bucket)
        return _make_bucket(left.entries + right.entries)
    digest = sha256(STATE_INNER_DOMAIN + left.hash + right.hash).digest()
    return Inner(digest, left, right, count)


def _split(entries: bytes, half: int) -> Node:
    """The node over packed leaves that share all bits above `half`."""
    if len(entries) <= _BUCKET_BYTES_MAX:
        return _make_bucket(entries)
    at = 0
    while at < len(entries) and not int.from_bytes(entries[at : at + _KEY], "big") & half:
        at += _ENTRY
    return _join(_split(entries[:at], half >> 1), _split(entries[at:], half >> 1))


def _find(entries: bytes, key: bytes) -> int:
    """Where the leaf of `key` starts within a bucket, or -1."""
    at = entries.find(key)
    while at > 0 and at % _ENTRY:
        at = entries.find(key, at + 1)
    return at


def _change_many(entries: bytes, keys: list[bytes], values: list[Change]) -> bytes:
    leaves = {
        entries[at : at + _KEY]: entries[at + _KEY : at + _ENTRY]
        for at in range(0, len(entries), _ENTRY)
    }
    for key, value in zip(keys, values, strict=True):
        if value is None:
            leaves.pop(key, None)
        else:
            leaves[key] = value
    return b"".join([key + leaves[key] for key in sorted(leaves)])


def _change_entries(entries: bytes, keys: list[bytes], values: list[Change]) -> bytes:
    """Packed leaves after some changes; the one change to a present leaf is the common case."""
    value = values[0]
    if len(keys) == 1 and value is not None and (at := _find(entries, keys[0])) >= 0:
        return entries[: at + _KEY] + value + entries[at + _ENTRY :]
    return _change_many(entries, keys, values)


class _Update:
    """One pass over changes sorted by key."""

    __slots__ = ("keys", "numbers", "values")

    def __init__(self, changes: Mapping[bytes, Change]) -> None:
        self.keys = sorted(changes)
        self.values = [changes[key] for key in self.keys]
        self.numbers = [int.from_bytes(key, "big") for key in self.keys]

    def apply(self, node: Node, half: int, low: int, high: int) -> Node:
        """The node after changes[low:high], all of which belong below it.

        They share the bits above `half`, the bit that tells left from right here.
        """
        if type(node) is Bucket:
            entries = _change_entries(node.entries, self.keys[low:high], self.values[low:high])
            return node if entries == node.entries else _split(entries, half)
        assert isinstance(node, Inner)
        left, right, quarter = node.left, node.right, half >> 1
        numbers = self.numbers
        first = numbers[low]
        if high - low == 1:
            middle = low if first & half else high
        else:
            middle = bisect_left(numbers, first & -half | half, low, high)
        if low < middle:
            left = self.apply(left, quarter, low, middle)
        if middle < high:
            right = self.apply(right, quarter, middle, high)
        if left is node.left and right is node.right:
            return node
        return _join(left, right)


_TOP_HALF = 1 << (KEY_BITS - 1)


def update(root: Node, changes: Mapping[bytes, Change]) -> Node:
    """The tree after setting or removing leaves: key hash (32 bytes) → value hash or None."""
    if not changes:
        return root
    return _Update(changes).apply(root, _TOP_HALF, 0, len(changes))


def build(leaves: Iterable[tuple[bytes, bytes]]) -> Node:
    """The tree over (key hash, value hash) in strictly ascending order of keys, read once."""
    source = iter(leaves)
    waiting: deque[tuple[bytes, bytes]] = deque()

    def build_range(base: int, half: int) -> Node:
        waiting.extend(islice(source, BUCKET_LEAVES_MAX + 1 - len(waiting)))
        end = base + 2 * half
        if (
            len(waiting) <= BUCKET_LEAVES_MAX
            or int.from_bytes(waiting[BUCKET_LEAVES_MAX][0], "big") >= end
        ):
            return _make_bucket(b"".join(_take_below(waiting, end)))
        left = build_range(base, half >> 1)
        return _join(left, build_range(base + half, half >> 1))

    return build_range(0, _TOP_HALF)


def _take_below(waiting: deque[tuple[bytes, bytes]], end: int) -> Iterator[bytes]:
    while waiting and int.from_bytes(waiting[0][0], "big") < end:
        yield from waiting.popleft()


def get(root: Node, key: bytes) -> bytes | None:
    """The value hash under a key hash, or None."""
    bucket, _ = find_bucket(root, key)
    at = _find(bucket.entries, key)
    return bucket.entries[at + _KEY : at + _ENTRY] if at >= 0 else None


def find_bucket(root: Node, key: bytes) -> tuple[Bucket, list[bytes]]:
    """The bucket where `key` stands or would stand, and the sibling hashes from the root down."""
    node, siblings = root, []
    bit = _TOP_HALF
    number = int.from_bytes(key, "big")
    while isinstance(node, Inner):
        near, far = (node.right, node.left) if number & bit else (node.left, node.right)
        siblings.append(far.hash)
        node, bit = near, bit >> 1
    return node, siblings


def iterate_leaves(root: Node) -> Iterator[tuple[bytes, bytes]]:
    """Every (key hash, value hash), ascending."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Inner):
            stack += [node.right, node.left]
            continue
        for at in range(0, len(node.entries), _ENTRY):
            yield node.entries[at : at + _KEY], node.entries[at + _KEY : at + _ENTRY]


def compute_root_from_path(key: bytes, entries: bytes, siblings: list[bytes]) -> bytes | None:
    """The root to which a bucket at the place of `key` leads, or None if its form is wrong.

    `siblings` runs from the root down. The bucket has to be well-formed: at most 16 leaves in
    strictly ascending order.
    """
    keys = [entries[at : at + _KEY] for at in range(0, len(entries), _ENTRY)]
    if len(entries) % _ENTRY or len(keys) > BUCKET_LEAVES_MAX or len(siblings) > KEY_BITS:
        return None
    if any(first >= second for first, second in pairwise(keys)):
        return None
    number, node = int.from_bytes(key, "big"), hash_bucket(entries)
    for depth in range(len(siblings) - 1, -1, -1):
        on_the_right = number >> (KEY_BITS - 1 - depth) & 1
        sibling = siblings[depth]
        node = hash_inner(sibling, node) if on_the_right else hash_inner(node, sibling)
    return node


def find_value_hash(entries: bytes, key: bytes) -> bytes | None:
    """The value hash of `key` within a bucket's packed leaves, or None if it is not there."""
    at = _find(entries, key)
    return entries[at + _KEY : at + _ENTRY] if at >= 0 else None
