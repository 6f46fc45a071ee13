"""Words of commands: numbers, lists of addresses, key=value pairs; each with its own complaint."""

from collections.abc import Iterable

from consensus.errors import ConsensusError
from consensus.simulation.links import Quality

NUMBER_MAX = 10**12


class ScenarioError(ConsensusError):
    """A command, a scenario file or a schedule that cannot be read; the message names the place."""

    reason = "bad-scenario"


def parse_number(word: str) -> int:
    """A natural number in decimal digits; raises `ScenarioError`."""
    if not (word.isascii() and word.isdecimal()) or int(word) > NUMBER_MAX:
        raise ScenarioError(f"not a number: {word!r}")
    return int(word)


def parse_signed(word: str) -> int:
    """A number that may be negative."""
    return -parse_number(word[1:]) if word.startswith("-") else parse_number(word)


def parse_places(words: Iterable[str]) -> list[int]:
    """Addresses, written with or without commas."""
    return [parse_number(word) for word in " ".join(words).replace(",", " ").split()]


def word_at(words: list[str], index: int) -> str:
    """The word at a place where one is needed."""
    if index >= len(words):
        raise ScenarioError(f"{len(words)} words are too few")
    return words[index]


def take_pair(places: list[int]) -> tuple[int, int]:
    """Two different addresses."""
    if len(places) != 2 or places[0] == places[1]:
        raise ScenarioError(f"two addresses are wanted, not {places}")
    return places[0], places[1]


def take_one(words: list[str]) -> str:
    """The only word."""
    if len(words) != 1:
        raise ScenarioError(f"one word is wanted, not {len(words)}")
    return words[0]


def split_at(words: list[str], mark: str) -> tuple[list[str], list[str]]:
    """What stands before a word, and what stands after it."""
    if mark not in words:
        return words, []
    at = words.index(mark)
    return words[:at], words[at + 1 :]


def parse_pairs(words: Iterable[str]) -> dict[str, str]:
    """`key=value` words; each key once."""
    pairs: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key or key in pairs:
            raise ScenarioError(f"not a new key=value: {word!r}")
        pairs[key] = value
    return pairs


def parse_range(word: str) -> tuple[int, int]:
    """`LEAST..MOST`, or one number for both."""
    least, dots, most = word.partition("..")
    low = parse_number(least)
    high = parse_number(most) if dots else low
    if high < low:
        raise ScenarioError(f"a range runs upwards: {word!r}")
    return low, high


def parse_permille(word: str) -> int:
    """Thousandths, 0 to 1000."""
    permille = parse_number(word)
    if permille > 1_000:
        raise ScenarioError(f"not a share of a thousand: {word!r}")
    return permille


def parse_quality(words: Iterable[str]) -> Quality:
    """`delay=1..20 loss=50 twice=100 tail=30 fifo=1`; what is not said is perfect."""
    pairs = parse_pairs(words)
    unknown = set(pairs) - {"delay", "loss", "twice", "tail", "fifo"}
    if unknown:
        raise ScenarioError(f"links have no {', '.join(sorted(unknown))}")
    least, most = parse_range(pairs.get("delay", "5"))
    return Quality(
        least,
        most,
        parse_permille(pairs.get("loss", "0")),
        parse_permille(pairs.get("twice", "0")),
        parse_permille(pairs.get("tail", "0")),
        bool(parse_number(pairs.get("fifo", "0"))),
    )
