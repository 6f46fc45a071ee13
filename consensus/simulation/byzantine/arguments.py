"""The words behind a behaviour's name, as scenario files and storms give them."""

from collections.abc import Collection, Sequence

from consensus.committee import ReplicaId
from consensus.simulation.byzantine.errors import BehaviourError

PERMILLE_MAX = 1_000


def refuse_arguments(arguments: Sequence[str]) -> None:
    """Nothing may be left; raises `BehaviourError`."""
    if arguments:
        raise BehaviourError(f"not understood: {' '.join(arguments)}")


def take_permille(arguments: Sequence[str], default: int) -> int:
    """The one argument, 0 to 1000, or the default."""
    if not arguments:
        return default
    refuse_arguments(arguments[1:])
    permille = parse_number(arguments[0])
    if permille > PERMILLE_MAX:
        raise BehaviourError(f"not a share of a thousand: {permille}")
    return permille


def take_word(
    arguments: Sequence[str], allowed: Collection[str], default: str
) -> tuple[str, Sequence[str]]:
    """The first argument if it is a word, and the rest; raises for a word that is not allowed."""
    if not arguments or arguments[0].isdecimal():
        return default, arguments
    if arguments[0] not in allowed:
        raise BehaviourError(f"not one of {', '.join(sorted(allowed))}: {arguments[0]}")
    return arguments[0], arguments[1:]


def parse_replicas(arguments: Sequence[str]) -> frozenset[ReplicaId]:
    """Replica ids, one per word."""
    return frozenset(parse_number(word) for word in arguments)


def parse_number(word: str) -> int:
    """A natural number in decimal digits; raises `BehaviourError`."""
    if not (word.isascii() and word.isdecimal()):
        raise BehaviourError(f"not a number: {word}")
    return int(word)
