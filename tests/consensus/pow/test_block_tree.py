"""The tree: work counts, not length; what is connected, adopted, final, forgotten."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.block import Header, TreeBlock
from consensus.pow import block_tree as module
from consensus.pow.block_tree import BlockTree, plant
from consensus.pow.orphans import ORPHAN_BYTES_MAX, ORPHANS_MAX, Orphans

ROOT = hashlib.sha256(b"root").digest()
BITS = 0x1E0FFFFF
EASY, HARD = 1 << 240, 1 << 236


def name(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def put(
    tree: BlockTree, text: str, parent: str, target: int = EASY, *, stores: bool = True
) -> bytes:
    parent_id = ROOT if parent == "root" else name(parent)
    header = Header(tree.nodes[parent_id].height + 1, parent_id, 0, bytes(32), b"")
    tree.add(name(text), header, BITS, target)
    if stores:
        tree.store(name(text))
    return name(text)


def make(*pairs: str) -> BlockTree:
    """A tree from words such as `b<a`, all stored."""
    tree = plant(ROOT, 0, BITS)
    for pair in pairs:
        text, parent = pair.split("<")
        put(tree, text, parent)
    return tree


def test_work_counts_and_not_length() -> None:
    tree = make("a<root", "b<a", "c<b")
    hard = put(tree, "x", "root", HARD)
    assert tree.nodes[hard].work > tree.nodes[name("c")].work
    assert tree.best == hard
    assert tree.find_heaviest().block_id == hard


def test_of_equal_branches_the_first_connected_is_heaviest() -> None:
    tree = plant(ROOT, 0, BITS)
    put(tree, "late", "root", stores=False)
    put(tree, "first", "root")
    tree.store(name("late"))
    assert tree.find_heaviest().block_id == name("first")


def test_a_block_is_connected_when_all_below_it_are_stored() -> None:
    tree = plant(ROOT, 0, BITS)
    for text, parent in (("a", "root"), ("b", "a"), ("c", "b"), ("d", "b")):
        put(tree, text, parent, stores=False)
    assert tree.store(name("c")) == []
    assert tree.store(name("b")) == []
    assert [node.block_id for node in tree.store(name("a"))] == [name("a"), name("b"), name("c")]
    assert [node.block_id for node in tree.store(name("d"))] == [name("d")]
    assert tree.store(name("d")) == []


def test_adopting_another_branch_says_what_was_undone() -> None:
    tree = make("a<root", "b<a", "c<b", "x<a", "y<x", "z<y")
    assert tree.adopt(name("c")) == 0
    assert tree.adopt(name("z")) == 2
    assert tree.chain == [ROOT, *map(name, "axyz")]
    assert tree.adopt(name("a")) == 3
    assert tree.is_on_chain(name("a"))
    assert not tree.is_on_chain(name("z"))
    assert not tree.is_on_chain(name("nobody"))


def test_what_is_missing_of_the_heaviest_branch_comes_lowest_first() -> None:
    tree = make("a<root")
    for text, parent in (("b", "a"), ("c", "b"), ("d", "c")):
        put(tree, text, parent, stores=False)
    tree.store(name("c"))
    assert tree.list_missing(9) == [name("b"), name("d")]
    assert tree.list_missing(1) == [name("b")]


def test_finality_forgets_what_branched_off_below() -> None:
    tree = make("a<root", "b<a", "c<b", "x<root", "y<x", "u<b", "v<c")
    tree.adopt(name("c"))
    assert {node.block_id for node in tree.finalize(2)} == {name("x"), name("y")}
    assert tree.final_id == name("b")
    assert set(tree.nodes) == {ROOT, *map(name, "abcuv")}


def test_what_branches_off_below_the_final_block_is_never_best_or_connected() -> None:
    tree = make("a<root", "b<a")
    tree.adopt(name("b"))
    tree.finalize(1)
    put(tree, "heavy", "root", HARD)
    put(tree, "heavier", "heavy", HARD)
    assert tree.outside == {name("heavy"), name("heavier")}
    assert tree.best == name("b")
    assert name("heavier") not in tree.connected


def test_a_removed_branch_leaves_the_next_best() -> None:
    tree = make("a<root", "b<a", "c<b", "x<a")
    tree.adopt(name("x"))
    assert {node.block_id for node in tree.remove(name("b"))} == {name("b"), name("c")}
    assert tree.best == name("x")
    assert tree.find_heaviest().block_id == name("x")
    assert tree.children[name("a")] == (name("x"),)


def test_ancestors_and_forks() -> None:
    tree = make("a<root", "b<a", "c<b", "x<a", "y<x")
    tree.adopt(name("c"))
    assert tree.find_ancestor(name("y"), 2).block_id == name("x")
    assert tree.find_ancestor(name("y"), 1).block_id == name("a")
    assert tree.find_ancestor(name("c"), 0).block_id == ROOT
    assert tree.find_fork(name("y")).block_id == name("a")
    assert tree.find_fork(name("c")).block_id == name("c")


def test_a_locator_is_dense_at_the_tip_and_reaches_the_root() -> None:
    names = [str(i) for i in range(100)]
    tree = make(*(f"{n}<{names[i - 1] if i else 'root'}" for i, n in enumerate(names)))
    heights = [tree.nodes[i].height for i in tree.make_locator()]
    assert heights[:12] == [100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 88]
    assert heights[-1] == 0
    assert len(heights) < 20


def test_side_branches_are_bounded_and_the_heaviest_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tree = make("a<root", "b<a")
    tree.adopt(name("b"))
    for i in range(5):
        put(tree, f"side{i}", "root", HARD * 2 if i == 4 else EASY)
    assert not tree.is_full_for(ROOT)
    monkeypatch.setattr(module, "SIDE_BLOCKS_MAX", 5)
    assert tree.is_full_for(ROOT)
    assert not tree.is_full_for(tree.best)


def test_room_is_made_by_forgetting_the_lightest_branches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A light block under a heavy one counts as much as that; tips go before what they stand on."""
    tree = make("a<root", "b<a", "c<b", "h<b")
    put(tree, "i", "h", HARD)
    put(tree, "u", "root", EASY)
    put(tree, "v", "u", EASY)
    put(tree, "w", "u", HARD)
    put(tree, "x", "a", EASY)
    tree.adopt(name("c"))
    monkeypatch.setattr(module, "SIDE_BLOCKS_MAX", 5)
    assert tree.make_room() == []  # one of the six leads to the heaviest
    monkeypatch.setattr(module, "SIDE_BLOCKS_MAX", 4)
    monkeypatch.setattr(module, "DROPPED_PERMILLE", 250)
    gone: list[str] = []
    while removed := tree.make_room():
        gone += [text for text in "abchiuvwx" for node in removed if name(text) == node.block_id]
        monkeypatch.setattr(module, "SIDE_BLOCKS_MAX", 4 - len(gone))
    assert gone == ["x", "v", "w", "u"]
    assert set(tree.nodes) == {ROOT, *map(name, "abchi")}


def test_what_is_wanted_is_below_a_heavier_tip() -> None:
    tree = make("a<root", "b<a", "x<root", "y<x", "z<y")
    tree.adopt(name("b"))
    assert tree.best == name("z")
    assert [text for text in "abxyz" if tree.is_wanted(name(text))] == ["a", "x", "y", "z"][1:]
    tree.adopt(name("z"))
    assert not any(tree.is_wanted(name(text)) for text in "abxyz")


@given(st.lists(st.integers(0, 30), max_size=25), st.randoms())
def test_the_order_of_storing_changes_nothing_but_ties(parents: list[int], chance: object) -> None:
    """Whatever the shape, once all is stored all is connected, and the heaviest has most work."""
    tree = plant(ROOT, 0, BITS)
    names = ["root"]
    for at, parent in enumerate(parents):
        put(tree, str(at), names[parent % len(names)], stores=False)
        names.append(str(at))
    order = names[1:]
    chance.shuffle(order)  # type: ignore[attr-defined]
    connected = [node.block_id for text in order for node in tree.store(name(text))]
    assert sorted(connected) == sorted(name(text) for text in names[1:])
    assert tree.find_heaviest().work == max(node.work for node in tree.nodes.values())


def block_on(parent: bytes, value: bytes = b"") -> TreeBlock:
    return TreeBlock(Header(1, parent, 0, bytes(32), b""), value)


def test_orphans_are_bounded_by_number_and_by_size() -> None:
    pool = Orphans()
    for i in range(ORPHANS_MAX + 3):
        pool.put(name(str(i)), block_on(ROOT, b"1"))
    assert len(pool.blocks) == ORPHANS_MAX
    assert not pool.has(name("2"))
    assert pool.has(name("3"))
    pool.put(name("large"), block_on(ROOT, bytes(ORPHAN_BYTES_MAX)))
    assert list(pool.blocks) == [name("large")]
    assert pool.size_bytes == ORPHAN_BYTES_MAX


def test_orphans_follow_their_parent_in_the_order_in_which_they_came() -> None:
    pool = Orphans()
    for text, parent in (("z", "p"), ("a", "p"), ("m", "q")):
        pool.put(name(text), block_on(name(parent), b"12"))
    assert [found for found, _ in pool.take_children(name("p"))] == [name("z"), name("a")]
    assert pool.take_children(name("p")) == []
    assert pool.size_bytes == 2
