"""What is written beside the lines."""

import pytest

from consensus.simulation.drawing.words import Word, set_lines, tell_words
from consensus.simulation.entry import Entry


def tell(*entries: Entry) -> list[str]:
    sends = [entry for entry in entries if entry.kind == "send"]
    marks = [entry for entry in entries if entry.kind != "send"]
    words = tell_words(sends, marks, {"Vote": "k0", "Ask": "k1"})
    return [word.words for word in words.get((2, 9), [])]


def say(name: str, detail: str) -> Entry:
    return Entry(9, 2, "send", None, name, detail, 1, 2)


def do(kind: str, name: str = "", detail: str = "") -> Entry:
    return Entry(9, 2, kind, None, name, detail)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([say("Vote", "view=3 height=7 digest=‹a›")], ["Vote 7"]),
        (
            [say("Vote", "height=8"), say("Vote", "height=7"), say("Vote", "height=8")],
            ["Vote 7, 8"],
        ),
        ([say("Vote", f"height={height}") for height in range(4)], ["Vote 0–3"]),
        ([say("Vote", "view=3")], ["Vote v3"]),
        ([say("Vote", "")], ["Vote"]),
        ([say("Ask", "height=1"), say("Vote", "height=2")], ["Ask 1", "Vote 2"]),
        ([do("decide", detail="12: a, b")], ["decides 12"]),
        ([do("decide", detail=f"{height}: 99") for height in (5, 6, 7, 8)], ["decides 5–8"]),
        ([do("certify", detail="8"), say("Vote", "")], ["Vote", "certifies 8"]),
        ([do("crash", detail="and loses its tail")], ["crashes"]),
        ([do("timer", "view", "0"), do("timer", "resend")], ["view timer", "resend timer"]),
        ([do("event", "disk", "wiped")], ["disk wiped"]),
        ([do("event", "", "x" * 60)], ["x" * 43 + "…"]),
        ([do("write", "Vote"), do("apply", "", "3"), do("ignore", "Vote"), do("set", "view")], []),
    ],
)
def test_the_words_of_a_moment(entries: list[Entry], told: list[str]) -> None:
    assert tell(*entries) == told


def test_words_of_the_network_stand_elsewhere() -> None:
    assert tell_words([], [Entry(9, -1, "event", None, "heal", "")], {}) == {}


def test_words_go_on_further_lines() -> None:
    words = [Word("Prepare 1", ""), Word("Commit 1", ""), Word("decides 1", "")]
    lines = set_lines(words, width_px=150)
    assert [[word.words for word in line] for line in lines] == [
        ["Prepare 1", "Commit 1"],
        ["decides 1"],
    ]
    assert set_lines(words, width_px=1) == [[word] for word in words]
    assert set_lines([], width_px=9) == []
