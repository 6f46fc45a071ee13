from hashlib import sha256

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import (
    EMPTY_ROOT,
    compute_path,
    compute_root,
    compute_root_from_path,
    hash_leaf,
    hash_pair,
    verify_inclusion,
)

# The certificate-transparency reference leaves and their roots for 1, 2, ... 8 leaves.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(1, 9))
def test_reference_roots(size: int) -> None:
    assert compute_root(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_the_empty_tree() -> None:
    assert compute_root([]) == EMPTY_ROOT == sha256(b"").digest()


@pytest.mark.parametrize("size", [*range(1, 20), 31, 32, 33, 100])
def test_pymerkle_agrees(size: int) -> None:
    leaves = [b"%d" % number for number in range(size)]
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        oracle.append_entry(leaf)
    assert compute_root(leaves) == oracle.get_root()
    for index in range(size):
        path = [step.hex() for step in compute_path(leaves, index)]
        expected = oracle.prove_inclusion(index + 1).serialize()["path"]
        assert expected == [hash_leaf(leaves[index]).hex(), *path]


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
def test_every_path_leads_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = compute_path(leaves, index)
    root = compute_root(leaves)
    assert verify_inclusion(leaves[index], index, len(leaves), path, root)
    assert len(path) <= max(1, len(leaves) - 1).bit_length()


@given(st.integers(1, 70), st.data())
def test_a_path_proves_nothing_else(size: int, data: st.DataObject) -> None:
    leaves = [b"%d" % number for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path, root = compute_path(leaves, index), compute_root(leaves)
    assert not verify_inclusion(b"other", index, size, path, root)
    assert not verify_inclusion(leaves[index], index, size, (*path, root), root)
    if path:
        other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index))
        assert not verify_inclusion(leaves[index], other, size, path, root)
        assert not verify_inclusion(leaves[index], index, size, path[:-1], root)
        place = data.draw(st.integers(0, len(path) - 1))
        bent = (*path[:place], bytes(32), *path[place + 1 :])
        assert not verify_inclusion(leaves[index], index, size, bent, root)


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0), (5, 3)])
def test_places_outside_the_tree(index: int, size: int) -> None:
    assert compute_root_from_path(b"leaf", index, size, ()) is None
    with pytest.raises(IndexError):
        compute_path([b"leaf"] * size, index)


def test_an_inner_node_cannot_pass_for_a_leaf() -> None:
    left, right = hash_leaf(b"a"), hash_leaf(b"b")
    assert hash_pair(left, right) == compute_root([b"a", b"b"])
    assert compute_root([left + right]) != compute_root([b"a", b"b"])
