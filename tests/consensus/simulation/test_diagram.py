"""The structure of a diagram, read from its markup."""

import re
from collections import Counter
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consensus.errors import ConsensusError
from consensus.simulation import diagram
from consensus.simulation.diagram import DiagramError, draw_diagram
from consensus.simulation.entry import Entry, format_entry
from consensus.simulation.trace_header import Header
from tests.consensus.simulation.test_entry import ENTRIES

SVG = "{http://www.w3.org/2000/svg}"
HEADER = Header("pbft", 8812, 4, "quorate simulate --engine pbft --seed 8812 --trace")


def send(number: int, at_ms: int, place: int, name: str = "Vote", detail: str = "") -> Entry:
    return Entry(at_ms, place, "send", None, name, detail, number, place)


def receive(number: int, at_ms: int, place: int, origin: int, name: str = "Vote") -> Entry:
    return Entry(at_ms, place, "receive", origin, name, "", number, origin)


def lose(number: int, at_ms: int, place: int, origin: int) -> Entry:
    return Entry(at_ms, place, "lose", place, "Vote", "", number, origin)


def do(kind: str, at_ms: int, place: int, name: str = "", detail: str = "") -> Entry:
    return Entry(at_ms, place, kind, None, name, detail)


RUN = [
    send(1, 0, 0, detail="height=1 ‹a <b> & c›"),
    do("write", 0, 0, "Vote"),
    lose(1, 0, 3, 0),
    receive(1, 5, 1, 0),
    receive(1, 6, 2, 0),
    send(2, 6, 2, "Ask"),
    receive(2, 11, 0, 2, "Ask"),
    do("crash", 12, 1),
    lose(2, 13, 1, 2),
    do("timer", 700, 2, "view"),
    do("pause", 700, 3),
    do("resume", 705, 3),
    do("restart", 710, 1),
    do("decide", 712, 0, detail="1: a"),
    do("certify", 712, 0, detail="1"),
    do("event", 715, -1, "partition", "0 1 | 2 3"),
    do("set", 715, 0, "view", "600 ms"),
]


def read(page: str) -> ET.Element:
    return ET.fromstring(page)


def find_all(page: str, look: str, kind: str | None = None) -> list[ET.Element]:
    """The elements of the drawing that have a class, all or those of one kind."""
    drawing = next(svg for svg in read(page).iter(f"{SVG}svg") if svg.get("class") == "drawing")
    return [
        element
        for element in drawing.iter(kind and f"{SVG}{kind}")
        if look in (element.get("class") or "").split()
    ]


def ways(page: str, fate: str) -> Counter[tuple[str | None, ...]]:
    return Counter(
        (flight.get("data-message"), flight.get("data-from"), flight.get("data-to"))
        for flight in find_all(page, "flight")
        if fate in (flight.get("class") or "").split()
    )


def all_text(page: str) -> str:
    return " ".join(read(page).itertext())


def test_every_receive_has_an_arrow_and_every_loss_a_cross() -> None:
    page = draw_diagram(HEADER, RUN)
    assert ways(page, "received") == {("1", "0", "1"): 1, ("1", "0", "2"): 1, ("2", "2", "0"): 1}
    assert ways(page, "lost") == {("1", "0", "3"): 1, ("2", "2", "1"): 1}
    assert ways(page, "open") == {("2", "2", "3"): 1}
    assert len(find_all(page, "cross")) == 2
    heads = [way for way in find_all(page, "way") if way.get("marker-end")]
    assert len(heads) == 3


def test_arrows_go_from_line_to_line_and_downwards() -> None:
    page = draw_diagram(HEADER, RUN)
    lines = {
        life.get("data-place"): float(life.attrib["x1"]) for life in find_all(page, "life", "line")
    }
    for flight in find_all(page, "received"):
        way = next(line for line in flight if line.get("class") == "way")
        assert float(way.attrib["x1"]) == lines[flight.get("data-from")]
        assert abs(float(way.attrib["x2"]) - lines[flight.get("data-to")]) == 4
        assert float(way.attrib["y2"]) > float(way.attrib["y1"])


def test_arrow_heads_are_defined() -> None:
    page = draw_diagram(HEADER, RUN)
    known = {marker.get("id") for marker in read(page).iter(f"{SVG}marker")}
    asked = set(re.findall(r"url\(#([^)]*)\)", page))
    assert asked == known == {"head-k0", "head-k1"}


def test_tooltips_are_lines_of_the_trace() -> None:
    page = draw_diagram(HEADER, RUN)
    titles = [title.text or "" for title in read(page).iter(f"{SVG}title")]
    assert f"{format_entry(RUN[0])}\n{format_entry(RUN[3])}" in titles
    for mark in (entry for entry in RUN if entry.kind not in {"send", "receive", "lose"}):
        assert format_entry(mark) in titles


def test_lives_are_interrupted() -> None:
    page = draw_diagram(HEADER, RUN)
    lives = Counter(
        (life.get("data-place"), (life.get("class") or "").removeprefix("life "))
        for life in find_all(page, "life", "line")
    )
    assert lives == {
        ("0", "up"): 1,
        ("1", "up"): 2,
        ("1", "down"): 1,
        ("2", "up"): 1,
        ("3", "up"): 2,
        ("3", "paused"): 1,
    }


def test_long_silence_is_a_marked_break() -> None:
    page = draw_diagram(HEADER, RUN)
    assert ["".join(band.itertext()) for band in find_all(page, "break")] == ["687 ms pass"]


def test_words_stand_beside_the_lines() -> None:
    page = draw_diagram(HEADER, RUN)
    words = ["".join(line.itertext()) for group in find_all(page, "words", "g") for line in group]
    assert words == [
        "Vote 1",
        "Ask",
        "crashes",
        "view timer",
        "pauses",
        "resumes",
        "restarts",
        "decides 1 · certifies 1",
    ]
    banner = find_all(page, "banner")[0]
    assert "partition 0 1 | 2 3" in "".join(banner.itertext())


def test_a_broken_promise_and_what_is_done_to_the_network_go_across_the_page() -> None:
    entries = [
        do("event", 5, -1, "heal"),
        do("event", 5, -1, "quality", "delay=1..9"),
        do("violated", 9, 0, "agreement", "heights differ"),
    ]
    banners = find_all(draw_diagram(HEADER, entries), "banner")
    words = [[line.text for line in banner.iter(f"{SVG}text")] for banner in banners]
    assert words == [["heal", "quality delay=1..9"], ["violated: agreement heights differ"]]
    assert banners[1].get("class") == "banner violated"


def test_words_do_not_cover_each_other() -> None:
    entries = [send(number, number // 3, 0, f"Vote{number % 7}") for number in range(40)]
    page = draw_diagram(HEADER, entries)
    heights = [float(line.attrib["y"]) for group in find_all(page, "words", "g") for line in group]
    assert all(below - above >= 12 for above, below in pairwise(heights))


def test_arrows_that_would_cover_each_other_lie_side_by_side() -> None:
    entries = [send(1, 0, 0), send(2, 0, 0), receive(1, 5, 1, 0), receive(2, 5, 1, 0)]
    page = draw_diagram(HEADER, entries)
    begins = [
        float(line.attrib["y1"])
        for flight in find_all(page, "received")
        for line in flight
        if line.get("class") == "way"
    ]
    assert begins[1] - begins[0] == pytest.approx(3.2)


def test_the_caption_tells_the_run() -> None:
    words = all_text(draw_diagram(HEADER, RUN))
    assert "pbft, 4 nodes, seed 8812" in words
    assert HEADER.command in words
    assert "0 to 715 ms of virtual time" in words
    assert "3 received, 2 lost, 1 of unknown fate" in words


def test_the_caption_tells_what_is_missing() -> None:
    header = Header("pbft", 1, 4, "x", missing=12_000)
    assert "12,000 further entries were not kept" in all_text(draw_diagram(header, RUN))


def test_the_legend_counts_kinds_and_has_only_signs_that_occur() -> None:
    words = all_text(draw_diagram(HEADER, RUN))
    assert "Vote 3" in words
    assert "Ask 3" in words
    assert "durable writes" in words
    assert "diverges" not in words


def test_every_switch_has_its_rule() -> None:
    page = draw_diagram(HEADER, RUN)
    boxes = {box.get("id") for box in read(page).iter("input")}
    ruled = set(re.findall(r":has\(#([\w-]+):not\(:checked\)\)", page))
    assert boxes
    assert boxes <= ruled


def test_byzantine_hosts_and_copies_are_marked() -> None:
    header = Header("pbft", 1, 4, "x", liars=(1, 4), replicas=(0, 1, 2, 3, 1))
    page = draw_diagram(header, [send(1, 0, 4), receive(1, 3, 0, 4)])
    marked = {life.get("data-place") for life in find_all(page, "liar", "line")}
    assert marked == {"1", "4"}
    assert "byzantine, a copy of replica 1" in all_text(page)


def test_an_empty_trace_is_an_empty_diagram() -> None:
    page = draw_diagram(HEADER, [])
    assert "The trace is empty" in all_text(page)
    assert len(find_all(page, "life", "line")) == 4
    assert not find_all(page, "flight")


def test_nothing_is_asked_of_another_place() -> None:
    page = draw_diagram(HEADER, RUN)
    assert not re.search(r"\b(?:src|href)=|@import|\bfetch\(|url\((?!#)", page)
    assert set(re.findall(r"\w+://[^\s\"<]+", page)) == {"http://www.w3.org/2000/svg"}
    policies = [meta.get("content", "") for meta in read(page).iter("meta")]
    assert any(policy.startswith("default-src 'none'") for policy in policies)


def test_the_same_trace_is_the_same_page() -> None:
    assert draw_diagram(HEADER, RUN) == draw_diagram(HEADER, list(RUN))


@settings(max_examples=60, deadline=None)
@given(st.lists(ENTRIES, max_size=12))
def test_whatever_happens_is_well_formed(entries: list[Entry]) -> None:
    page = draw_diagram(HEADER, entries)
    read(page)
    fates = Counter((flight.get("class") or "").split()[1] for flight in find_all(page, "flight"))
    kinds = Counter(entry.kind for entry in entries)
    assert (fates["received"], fates["lost"]) == (kinds["receive"], kinds["lose"])


def test_kinds_and_details_are_escaped() -> None:
    entries = [send(1, 0, 0, '<script>"&', "</title><script>alert(1)</script>")]
    page = draw_diagram(Header("<&>", 1, 2, '"</code><b>'), entries)
    assert len(list(read(page).iter("script"))) == 1
    assert "alert" not in "".join(script.text or "" for script in read(page).iter("script"))


def test_a_window_shows_what_lies_in_it() -> None:
    page = draw_diagram(HEADER, RUN, window=(6, 12))
    assert ways(page, "received") == {("1", "0", "2"): 1, ("2", "2", "0"): 1}
    assert not find_all(page, "decide")
    assert len(find_all(page, "crash", "g")) == 1
    assert "6 to 12 ms" in all_text(page)


def test_a_message_that_crosses_the_window_is_cut_at_its_edges() -> None:
    entries = [send(1, 0, 0), do("event", 4, 1), do("event", 6, 1), receive(1, 10, 2, 0)]
    page = draw_diagram(HEADER, entries, window=(4, 6))
    flight = find_all(page, "received")[0]
    way = next(line for line in flight if line.get("class") == "way")
    begin, end = float(way.attrib["x1"]), float(way.attrib["x2"])
    whole = next(
        line
        for line in find_all(draw_diagram(HEADER, entries), "received")[0]
        if line.get("class") == "way"
    )
    first, last = float(whole.attrib["x1"]), float(whole.attrib["x2"])
    assert begin == pytest.approx(first + 0.4 * (last - first), abs=0.1)
    assert end == pytest.approx(first + 0.6 * (last - first), abs=0.1)
    assert way.get("marker-end") is None


@pytest.mark.parametrize(
    ("window", "reason", "words"),
    [
        ((10, 9), "diagram-bad-window", "10 ms is after 9 ms"),
        ((900, 1000), "diagram-empty-window", "the trace runs from 0 to 715 ms"),
        ((20, 600), "diagram-empty-window", "nothing happens from 20 to 600 ms"),
    ],
)
def test_a_window_without_anything_is_refused(
    window: tuple[int, int], reason: str, words: str
) -> None:
    with pytest.raises(DiagramError, match=words) as caught:
        draw_diagram(HEADER, RUN, window=window)
    assert caught.value.reason == reason
    assert isinstance(caught.value, ConsensusError)


def test_a_trace_that_is_too_long_is_refused_with_a_window_that_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(diagram, "COPIES_MAX", 30)
    entries = [
        entry
        for number in range(40)
        for entry in (send(number, 10 * number, 0), receive(number, 10 * number + 5, 1, 0))
    ]
    with pytest.raises(DiagramError, match="--from-ms") as caught:
        draw_diagram(HEADER, entries)
    assert caught.value.reason == "diagram-too-large"
    found = re.search(r"--from-ms (\d+) --to-ms (\d+)$", str(caught.value))
    assert found
    page = draw_diagram(HEADER, entries, window=(int(found[1]), int(found[2])))
    assert 20 <= len(find_all(page, "flight")) <= 30


def test_too_many_marks_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagram, "MARKS_MAX", 5)
    entries = [do("write", number, 0) for number in range(9)]
    with pytest.raises(DiagramError, match=r"--from-ms 0 --to-ms 4$"):
        draw_diagram(HEADER, entries)
    assert len(find_all(draw_diagram(HEADER, entries, window=(0, 4)), "write")) == 5
