"""An entry and its line are each other's mirror."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import ConsensusError
from consensus.simulation.entry import Entry, TraceError, format_entry, parse_entry

PRINTABLE = st.characters(categories=["L", "M", "N", "P", "S"])
WORDS = st.text(PRINTABLE, max_size=24).filter(lambda word: word != "-")
DETAILS = st.text(st.one_of(PRINTABLE, st.just(" ")), max_size=60)
NUMBERS = st.integers(0, 10**9)
ENTRIES = st.builds(
    Entry,
    at_ms=NUMBERS,
    place=st.integers(-1, 2000),
    kind=WORDS.filter(bool),
    peer=st.none() | st.integers(0, 2000),
    name=WORDS,
    detail=DETAILS,
    number=NUMBERS,
    origin=st.integers(-1, 2000),
)

LINES = [
    (
        Entry(105, 2, "send", None, "Prepare", "view=0 height=7 ‹a b›", 17),
        "    105   2 send      all Prepare              17   - view=0 height=7 ‹a b›",
    ),
    (
        Entry(110, 3, "receive", 2, "Prepare", "", 17, 5),
        "    110   3 receive     2 Prepare              17   5",
    ),
    (
        Entry(12345678, 1000, "crash", None, "", "loses its tail"),
        "12345678 1000 crash       - -                     -   - loses its tail",
    ),
    (
        Entry(900, -1, "event", None, "", "0 1 | 2 3"),
        "    900   - event       - -                     -   - 0 1 | 2 3",
    ),
]


@pytest.mark.parametrize(("entry", "line"), LINES)
def test_the_columns(entry: Entry, line: str) -> None:
    assert format_entry(entry) == line
    assert parse_entry(line) == entry


@given(ENTRIES)
def test_every_entry_comes_back(entry: Entry) -> None:
    assert parse_entry(format_entry(entry)) == entry


@given(st.text(max_size=40), st.text(max_size=10))
def test_every_text_fits_on_one_line(detail: str, name: str) -> None:
    line = format_entry(Entry(0, 0, "event", None, name, detail))
    assert line.isprintable()
    assert format_entry(parse_entry(line)) == line


def test_a_newline_is_escaped() -> None:
    assert format_entry(Entry(0, 0, "event", None, "", "a\nb")).endswith(r" a\nb")


@given(ENTRIES, st.data())
def test_a_damaged_line_is_refused_or_the_line_of_another_entry(
    entry: Entry, data: st.DataObject
) -> None:
    line = format_entry(entry)
    place = data.draw(st.integers(0, len(line) - 1))
    sign = data.draw(PRINTABLE | st.just(" "))
    damaged = line[:place] + sign + line[place + 1 :]
    with contextlib.suppress(TraceError):
        assert format_entry(parse_entry(damaged)) == damaged


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "105 2 send all Prepare 17 - x",
        "    105   2 send      all Prepare              17   -x",
        "    105   2 send        - Prepare              17   -",
        "    105   2 receive   all Prepare              17   -",
        "    105   2 send      bob Prepare              17   -",
        "    1o5   2 send      all Prepare              17   -",
        "    105   2 send      all Prepare               0   -",
        "    105   2 send      all Prepare              17  -1",
        "    105   2 send      all Prepare              17   - ",
        "    105   2 send      all Prepare              1\u0667   -",
        "    105   2 send      all Prepare              17   -\n",
    ],
)
def test_what_is_not_written_so_is_refused(line: str) -> None:
    with pytest.raises(TraceError) as caught:
        parse_entry(line)
    assert caught.value.reason == "trace-bad-line"
    assert isinstance(caught.value, ConsensusError)
