"""What people read: numbers, times, sizes, and bytes that strangers wrote."""

import pytest

from node.web import words


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "–"),
        (0, "0 ms"),
        (999, "999 ms"),
        (1_000, "1.0 s"),
        (59_900, "59.9 s"),
        (60_000, "1 min 0 s"),
        (3_600_000, "1 h 0 min"),
        (90_061_000, "1 d 1 h"),
    ],
)
def test_durations(ms: float | None, text: str) -> None:
    assert words.show_duration(ms) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(None, "–"), (999, "999 B"), (1_000, "1.0 kB"), (1_234_567, "1.2 MB"), (5e15, "5000.0 TB")],
)
def test_sizes(size: float | None, text: str) -> None:
    assert words.show_size(size) == text


def test_numbers() -> None:
    assert [words.show_count(value) for value in (None, 0, 1_234_567)] == ["–", "0", "1,234,567"]
    assert [words.show_rate(value) for value in (None, 1.25, 1234.4)] == ["–", "1.2", "1,234"]
    assert [words.show_share(value) for value in (None, 0.125)] == ["–", "12.5 %"]
    assert [words.show_chance(value) for value in (0.5, 0.00001)] == ["50.00 %", "1.0e-05"]


def test_times_and_numbers_that_no_calendar_holds() -> None:
    assert words.show_time(1_700_000_000_123) == "2023-11-14 22:13:20.123 UTC"
    assert words.show_clock(1_700_000_000_123) == "22:13:20"
    assert words.show_iso(1_700_000_000_123) == "2023-11-14T22:13:20.123+00:00"
    far = 2**64 - 1
    assert words.show_time(far) == words.show_clock(far) == f"{far} ms"
    assert words.show_iso(far) == ""


def test_long_texts_keep_both_ends() -> None:
    assert words.shorten("ab" * 32) == "abababab…abababab"
    assert words.shorten("short") == "short"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"price", "“price”"),
        ("Zürich".encode(), "“Zürich”"),
        (b"\xff\x00", "ff00"),
        (b"a\nb", "610a62"),
        ("\u202e".encode(), "e280ae"),
    ],
)
def test_bytes_are_text_where_they_print_and_hex_elsewhere(data: bytes, text: str) -> None:
    assert words.show_bytes(data) == text


def test_long_bytes_are_cut_and_counted() -> None:
    shown = words.show_bytes(b"x" * 600)
    assert shown.startswith("“" + "x" * 512 + "”")
    assert shown.endswith("(600 bytes)")
