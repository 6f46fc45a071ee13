"""The tree of blocks: rows, heads, what is final and what is stale."""

from xml.etree import ElementTree as ET

import pytest

from consensus.simulation.diagram import draw_diagram
from consensus.simulation.drawing import fork_tree
from consensus.simulation.drawing.fork_tree import draw_fork_tree, grow_tree, set_rows
from consensus.simulation.entry import Entry
from consensus.simulation.request import Request
from consensus.simulation.run import trace_schedule
from consensus.simulation.swarm import draw_schedule
from consensus.simulation.trace_header import Header


def note(at_ms: int, place: int, kind: str, detail: str) -> Entry:
    return Entry(at_ms, place, kind, None, "", detail)


FORK = [
    note(1, 0, "found", "1 a on root"),
    note(2, 1, "found", "2 b on a"),
    note(3, 2, "found", "2 x on a"),
    note(4, 2, "head", "2 x"),
    note(5, 0, "found", "3 c on b"),
    note(6, 0, "head", "3 c"),
    note(7, 1, "head", "3 c"),
    note(8, 2, "head", "3 c undone 1"),
    note(9, 0, "apply", "1 a"),
    note(9, 3, "found", "4 d on c"),
]


def test_the_branch_of_most_hosts_is_the_top_row() -> None:
    blocks = grow_tree(FORK)
    assert set_rows(blocks) == 2
    assert {name: block.row for name, block in blocks.items()} == {
        "a": 0, "b": 0, "c": 0, "d": 1, "x": 1,
    }  # fmt: skip


def test_heads_finality_and_what_is_stale() -> None:
    blocks = grow_tree(FORK)
    assert blocks["c"].heads == [0, 1, 2]
    assert blocks["a"].final == {0}
    assert sorted(name for name, block in blocks.items() if not block.is_kept) == ["d", "x"]


def test_the_drawing_is_well_formed_and_tells_all_blocks() -> None:
    root = ET.fromstring(draw_fork_tree(FORK, liars=[2]))
    groups = [e for e in root.iter() if (e.get("class") or "").split()[:1] == ["block"]]
    assert len(groups) == 5
    told = [e.text or "" for e in root.iter() if e.tag.endswith("title")]
    assert any("found by host 2 (byzantine) at 3 ms" in words for words in told)
    assert any("head of hosts 0, 1, 2" in words for words in told)
    assert "4 heights, 1 of which have several; 2 blocks are on no host's" in (root[1].text or "")


def test_only_so_many_blocks_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_tree, "BLOCKS_MAX", 2)
    assert "3 older blocks are left out" in draw_fork_tree(FORK)


def test_a_window_begins_later() -> None:
    assert "3 older" not in draw_fork_tree(FORK, 5)
    assert draw_fork_tree(FORK, 5).count('class="block') == 2


def test_without_blocks_there_is_no_tree() -> None:
    assert draw_fork_tree([note(1, 0, "crash", "")]) == ""


def test_a_real_run_has_its_tree_in_the_diagram() -> None:
    schedule = draw_schedule(Request(engine="pow", duration_ms=1_500, faults=("partition",)), 3)
    _, trace = trace_schedule(schedule, 3)
    entries = [entry for entry in trace.entries if entry.at_ms < 2_000]
    header = Header("pow", 3, 4, "quorate simulate --engine pow --seed 3")
    page = draw_diagram(header, entries)
    root = ET.fromstring(page.partition("\n")[2])
    trees = [e for e in root.iter() if e.get("class") == "tree"]
    assert len(trees) == 1
    found = sum(entry.kind == "found" for entry in entries)
    assert page.count('class="block') == found > 2
