import pytest

from node.simulation.errors import SeedsError
from node.simulation.seeds import SEEDS_MAX, chunk_seeds, name_seeds, parse_seeds


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0:1000", range(1000)),
        ("5", range(5, 6)),
        (" 7:9 ", range(7, 9)),
        (f"0:{SEEDS_MAX}", range(SEEDS_MAX)),
        ("999999999998:999999999999", range(10**12 - 2, 10**12 - 1)),
    ],
)
def test_ranges_of_seeds(text: str, seeds: range) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a range"),
        ("abc", "not a range"),
        ("1:2:3", "not a range"),
        (":5", "not a range"),
        ("5:", "not a range"),
        ("1..4", "not a range"),
        ("1.5", "not a range"),
        ("0x10", "not a range"),
        ("١:٢", "not a range"),
        ("-5", "negative"),
        ("-5:3", "negative"),
        ("9:3", "backwards"),
        ("4:4", "no seed"),
        (f"0:{SEEDS_MAX + 1}", "more than"),
        ("1" * 13, "digits"),
        ("0:" + "9" * 10_000, "digits"),
    ],
)
def test_what_is_no_range(text: str, words: str) -> None:
    with pytest.raises(SeedsError, match=words) as raised:
        parse_seeds(text)
    assert len(str(raised.value)) < 200
    assert raised.value.advice


def test_chunks_hold_every_seed_once_in_order() -> None:
    chunks = list(chunk_seeds(range(3, 13)))
    assert chunks == [(3, 4, 5, 6), (7, 8, 9, 10), (11, 12)]
    assert list(chunk_seeds([])) == []


def test_seeds_in_words() -> None:
    assert name_seeds([(8,), (1, 2, 3)]) == "1 to 3, 8"
