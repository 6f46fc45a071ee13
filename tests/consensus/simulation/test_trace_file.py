"""A trace comes back as it was written, or is refused with a reason and a place."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import ConsensusError
from consensus.simulation.entry import Entry, TraceError
from consensus.simulation.trace_file import COLUMNS, read_trace, write_trace
from consensus.simulation.trace_header import Header
from tests.consensus.simulation.test_entry import ENTRIES

HEADER = Header("pbft", 8812, 4, "quorate simulate --engine pbft --seed 8812 --trace", (3,))
RUN = [
    Entry(0, 0, "send", None, "PrePrepare", "view=0 height=1", 1),
    Entry(5, 1, "receive", 0, "PrePrepare", "view=0 height=1", 1, 0),
    Entry(5, 1, "write", None, "Prepare", "height=1"),
    Entry(600, 2, "crash", None, "", ""),
]
TEXT = write_trace(HEADER, RUN)
HEADERS = st.builds(
    Header,
    engine=st.text(max_size=12),
    seed=st.integers(-(2**70), 2**70),
    nodes=st.integers(0, 5000),
    command=st.text(max_size=40),
    liars=st.lists(st.integers(0, 70), max_size=4).map(tuple),
    replicas=st.lists(st.integers(0, 70), max_size=4).map(tuple),
    missing=st.integers(0, 10**9),
)


def refuse(text: str) -> tuple[str, int]:
    """The reason and the line of a refusal."""
    with pytest.raises(TraceError) as caught:
        read_trace(text)
    assert isinstance(caught.value, ConsensusError)
    return caught.value.reason, caught.value.line


def close_again(text: str, count: int) -> str:
    """The body of a text with a new closing line."""
    body = text[: text.rindex("end lines=")]
    digest = hashlib.sha256(body.encode()).hexdigest()
    return f"{body}end lines={count} sha256={digest}\n"


def test_the_text() -> None:
    assert TEXT.splitlines()[:4] == [
        f'quorate-trace 1 engine=pbft seed=8812 nodes=4 liars=3 command="{HEADER.command}"',
        COLUMNS,
        "      0   0 send      all PrePrepare            1   - view=0 height=1",
        "      5   1 receive     0 PrePrepare            1   0 view=0 height=1",
    ]
    assert TEXT.splitlines()[-1].startswith("end lines=4 sha256=")


def test_a_trace_comes_back() -> None:
    assert read_trace(TEXT) == (HEADER, RUN)


def test_an_empty_run_is_a_trace() -> None:
    assert read_trace(write_trace(HEADER, [])) == (HEADER, [])


@given(HEADERS, st.lists(ENTRIES, max_size=6))
def test_every_trace_comes_back(header: Header, entries: list[Entry]) -> None:
    assert read_trace(write_trace(header, iter(entries))) == (header, entries)


def test_a_trace_cut_after_any_line_is_refused() -> None:
    lines = TEXT.splitlines(keepends=True)
    reasons = [refuse("".join(lines[:count]))[0] for count in range(len(lines))]
    assert reasons == ["trace-empty"] + ["trace-truncated"] * (len(lines) - 1)


def test_a_trace_cut_after_any_character_is_refused() -> None:
    for length in range(len(TEXT)):
        reason, _ = refuse(TEXT[:length])
        assert reason.startswith("trace-")


def test_the_place_where_it_was_cut_is_told() -> None:
    lines = TEXT.splitlines(keepends=True)
    assert refuse("".join(lines[:4])) == ("trace-truncated", 4)


@pytest.mark.parametrize(
    "text",
    ["\n", "hello\n", "<html></html>\n", "PNG\x00\n", "quorate-trace\n", "quorate-trace one\n"],
)
def test_a_foreign_text_is_refused(text: str) -> None:
    assert refuse(text) == ("trace-foreign", 1)


def test_another_version_is_refused_and_named() -> None:
    later = TEXT.replace("quorate-trace 1 ", "quorate-trace 2 ", 1)
    with pytest.raises(TraceError, match="format 2; this program reads 1") as caught:
        read_trace(later)
    assert caught.value.reason == "trace-version"


@pytest.mark.parametrize(
    "fields",
    [
        "",
        " engine=pbft",
        " engine=pbft seed=one nodes=4 command=x",
        " engine=pbft seed=1 nodes=4 command=x colour=red",
        " engine=pbft seed=1 seed=2 nodes=4 command=x",
        " seed=1 engine=pbft nodes=4 command=x",
        " engine=pbft seed=01 nodes=4 command=x",
        " engine=pbft seed=1 nodes=4 liars=1,,2 command=x",
        " engine=pbft seed=1 nodes=4 missing=0 command=x",
        ' engine=pbft seed=1 nodes=4 command="x',
        ' engine=pbft seed=1 nodes=4 command="x"',
        r' engine=pbft seed=1 nodes=4 command="\q"',
        " engine=pbft seed=1 nodes=4 command=x ",
        " engine=pbft  seed=1 nodes=4 command=x",
        f" engine=pbft seed={'9' * 5000} nodes=4 command=x",
    ],
)
def test_a_damaged_header_is_refused(fields: str) -> None:
    _, _, rest = TEXT.partition("\n")
    assert refuse(f"quorate-trace 1{fields}\n{rest}") == ("trace-bad-header", 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("      5   1 receive", "      5  1 receive"),
        ("receive     0", "receive     x"),
        ("      5   1 receive", "     -5   1 receive"),
        ("            1   0", "           1   0"),
    ],
)
def test_damaged_columns_are_refused_with_their_line(old: str, new: str) -> None:
    damaged = TEXT.replace(old, new, 1)
    assert damaged != TEXT
    assert refuse(damaged) == ("trace-bad-line", 4)


def test_other_columns_are_refused() -> None:
    assert refuse(TEXT.replace(" from detail", " detail", 1)) == ("trace-bad-line", 2)


def test_a_missing_line_is_noticed() -> None:
    lines = TEXT.splitlines(keepends=True)
    assert refuse("".join(lines[:3] + lines[4:])) == ("trace-bad-count", 6)


def test_an_edited_line_is_noticed() -> None:
    assert refuse(TEXT.replace("height=1", "height=2", 1)) == ("trace-bad-digest", 7)


def test_an_edited_closing_line_is_noticed() -> None:
    assert refuse(TEXT.replace("sha256=", "sha256=0")[:-2] + "\n")[0] == "trace-bad-digest"
    assert refuse(TEXT.replace("end lines=4", "end lines=04")) == ("trace-bad-digest", 7)
    assert refuse(close_again(TEXT, 5)) == ("trace-bad-count", 7)
    assert read_trace(close_again(TEXT, 4)) == (HEADER, RUN)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (TEXT + "\n", "trace-truncated"),
        (TEXT + "and more\n", "trace-truncated"),
        (TEXT + TEXT, "trace-bad-line"),
        (TEXT.replace("\n", "\r\n"), "trace-bad-header"),
        ("\ufeff" + TEXT, "trace-foreign"),
    ],
)
def test_a_text_with_something_added_is_refused(text: str, reason: str) -> None:
    assert refuse(text)[0] == reason
