"""Bare payloads on branches: what adopting, undoing and power failures do to work."""

import hashlib

import pytest

from consensus.block import Header, Template, TreeBlock
from consensus.events import Verdict
from consensus.simulation.application import make_value
from consensus.simulation.tree import Adoption, BareTree, compute_content


def name_of(text: str, tree: BareTree) -> bytes:
    return hashlib.sha256(text.encode()).digest() if text else tree.genesis_id


def put(tree: BareTree, text: str, parent: str, *items: str) -> bytes:
    """A stored block, named by a word; the empty word is the genesis."""
    parent_id = name_of(parent, tree)
    height = tree.stored[parent_id].header.height + 1 if parent else 1
    value = make_value(0, height, items)
    header = Header(height, parent_id, height, compute_content(value), b"")
    tree.put(name_of(text, tree), TreeBlock(header, value))
    return name_of(text, tree)


def heads(tree: BareTree) -> list[bytes]:
    return [block.block_id for block in tree.blocks]


def test_a_switch_undoes_one_branch_and_executes_the_other() -> None:
    tree = BareTree()
    for item in ("w", "x", "y"):
        tree.submit(item)
    left = [put(tree, "a", "", "w"), put(tree, "b", "a", "x"), put(tree, "c", "b")]
    right = [put(tree, "d", "a", "y"), put(tree, "e", "d"), put(tree, "f", "e")]
    assert tree.adopt(left[-1]) == Adoption(0, 0)
    assert list(tree.waiting) == ["y"]
    assert tree.adopt(right[-1]) == Adoption(1, 2)
    assert heads(tree) == [left[0], *right]
    assert list(tree.waiting) == ["x"]
    assert tree.executed == {"w": 1, "y": 2}
    assert tree.adopt(left[0]) == Adoption(1, 3)
    assert list(tree.waiting) == ["x", "y"]


def test_a_branch_that_orders_something_twice_changes_nothing() -> None:
    tree = BareTree()
    first = put(tree, "a", "", "x")
    tree.adopt(first)
    bad = put(tree, "b", "a", "x")
    tip = put(tree, "c", "b")
    assert tree.adopt(tip) == Adoption(1, 0, bad)
    assert heads(tree) == [first]
    twice = put(tree, "d", "a", "y", "y")
    assert tree.adopt(twice).refuted == twice
    other = [put(tree, "e", "", "x"), put(tree, "f", "e")]
    assert tree.adopt(other[-1]).refuted is None  # there it is ordered once


def test_content_and_value_are_judged_apart() -> None:
    tree = BareTree()
    good = tree.stored[put(tree, "a", "", "x")]
    assert tree.check_block(good) is Verdict.VALID
    assert tree.check_block(TreeBlock(good.header, b"0/1: y")) is Verdict.MISMATCH
    invalid = tree.stored[put(tree, "b", "", "!x")]
    assert tree.check_block(invalid) is Verdict.INVALID


def test_a_block_on_the_head_orders_what_waits_and_another_orders_nothing() -> None:
    tree = BareTree()
    tree.submit("x")
    on_head = tree.compose_block(Template(1, tree.genesis_id, 5, b"claim"), 3, 2)
    assert on_head.value == b"3/1: x"
    assert on_head.header.time_ms == 5
    assert on_head.header.claim == b"claim"
    elsewhere = tree.compose_block(Template(7, b"elsewhere", 5, b""), 3, 9)
    assert elsewhere.value == b"3/7: "
    assert elsewhere.header.time_ms == 9


def test_power_takes_what_was_not_synced_and_leads_the_ledger_back() -> None:
    tree = BareTree()
    tree.submit("x")
    kept = put(tree, "a", "")
    tree.adopt(kept)
    tree.sync()
    tree.adopt(put(tree, "b", "a", "x"))
    assert list(tree.waiting) == []
    assert tree.crash(loses_unsynced=True) == 1
    assert heads(tree) == [kept]
    assert list(tree.waiting) == ["x"]
    assert list(tree.stored) == [kept]


def test_a_crash_alone_takes_nothing() -> None:
    tree = BareTree()
    tip = put(tree, "a", "")
    tree.adopt(tip)
    assert tree.crash(loses_unsynced=False) == 0
    assert heads(tree) == [tip]


def test_what_a_disk_holds_is_told_parents_first_and_whole() -> None:
    tree = BareTree()
    put(tree, "a", "")
    put(tree, "b", "a")
    put(tree, "x", "")
    del tree.stored[name_of("a", tree)]
    told = tree.describe()
    assert [header.height for header in told.headers] == [1]  # b hangs in the air
    assert told.root_id == tree.genesis_id
    put(tree, "a", "")
    assert [header.height for header in tree.describe().headers] == [1, 1, 2]


def test_work_is_settled_when_it_is_final() -> None:
    tree = BareTree()
    assert tree.is_settled()
    tree.submit("x")
    assert not tree.is_settled()
    tree.adopt(put(tree, "a", "", "x"))
    tree.adopt(put(tree, "b", "a"))
    assert not tree.is_settled()
    tree.finalize(1)
    assert tree.is_settled()


def test_finality_survives_a_power_failure() -> None:
    tree = BareTree()
    tree.adopt(put(tree, "a", ""))
    tree.finalize(1)
    tree.adopt(put(tree, "b", "a"))
    tree.crash(loses_unsynced=True)
    assert (tree.final, len(tree.blocks)) == (1, 1)


def test_a_new_disk_is_empty_and_clients_come_again() -> None:
    tree = BareTree()
    tree.submit("x")
    tree.adopt(put(tree, "a", "", "x"))
    tree.finalize(1)
    tree.wipe()
    assert (tree.blocks, tree.stored, tree.final) == ([], {}, 0)
    assert list(tree.waiting) == ["x"]
    assert tree.describe().headers == ()


@pytest.mark.parametrize("unknown", [b"nobody", bytes(32)])
def test_only_stored_blocks_are_adopted(unknown: bytes) -> None:
    with pytest.raises(KeyError):
        BareTree().adopt(unknown)
