"""Times and rates: one rule."""

import pytest

from node.manifests.quantities import format_duration, parse_duration, parse_rate


@pytest.mark.parametrize(
    ("text", "ms"), [("0s", 0), ("250ms", 250), ("10s", 10_000), ("1.5s", 1_500), ("2min", 120_000)]
)
def test_times_have_a_number_and_a_unit(text: str, ms: int) -> None:
    assert parse_duration(text) == ms


@pytest.mark.parametrize(
    "text", ["10", 10, 1.5, "10 s", "-1s", "s", "1h", "1e3s", None, "1s1ms", ""]
)
def test_what_is_no_time_is_told_how_to_write_one(text: object) -> None:
    with pytest.raises(ValueError, match='as in "250ms", "10s" or "2min"'):
        parse_duration(text)


def test_a_day_is_the_most() -> None:
    with pytest.raises(ValueError, match="longer than a day"):
        parse_duration("99999min")


@pytest.mark.parametrize(
    ("text", "rate"), [("1B/s", 1), ("64kB/s", 64_000), ("1.5MB/s", 1_500_000)]
)
def test_rates(text: str, rate: int) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["64kB", "64", 64, "1GB/s", "0kB/s", "64 kB/s"])
def test_what_is_no_rate(text: object) -> None:
    with pytest.raises(ValueError, match=r"rate|lets nothing through"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0ms"), (250, "250ms"), (999.6, "1000ms"), (1_004, "1s"), (1_250, "1.25s"),
     (61_000, "61s"), (120_000, "2min")],
)  # fmt: skip
def test_times_for_people(ms: float, text: str) -> None:
    assert format_duration(ms) == text
