"""Small helpers: ask a behaviour about many messages."""

from typing import Any

import msgspec

from consensus.simulation.byzantine.behaviour import Behaviour
from consensus.simulation.byzantine.registry import make_behaviour
from tests.consensus.simulation.byzantine.samples import HEARD, MEANT, make_liar


def make(name: str, *arguments: str, seed: int = 1, me: int = 0, size: int = 4) -> Behaviour:
    """A behaviour of replica 0 of 4."""
    return make_behaviour(name, make_liar(seed, size, me), arguments)


def tell(behaviour: Behaviour, message: Any, receiver: int = 1) -> list[Any]:
    """What one receiver is told, delays left out."""
    return [told for _, told in behaviour.say(receiver, message)]


def tell_often(behaviour: Behaviour, message: Any, times: int) -> list[list[Any]]:
    """The same, for messages that are equal and not the same."""
    return [tell(behaviour, msgspec.structs.replace(message)) for _ in range(times)]


def converse(behaviour: Behaviour, rounds: int = 20) -> list[tuple[Any, int, int, Any]]:
    """Hear and say all samples again and again: (meant or None, receiver, delay, told)."""
    said: list[tuple[Any, int, int, Any]] = []
    for _ in range(rounds):
        for sender, heard in HEARD:
            said += [(None, to, late, told) for to, (late, told) in behaviour.hear(sender, heard)]
        for message in MEANT:
            for receiver in (1, 2, 3):
                said += [(message, receiver, *one) for one in behaviour.say(receiver, message)]
    return said
