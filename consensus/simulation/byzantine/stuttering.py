"""The same again, and again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.simulation.byzantine.arguments import parse_number, refuse_arguments
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said
from consensus.simulation.byzantine.errors import BehaviourError

TIMES = 3
TIMES_MAX = 16


@dataclass(slots=True)
class Stuttering(Honest):
    """Says everything several times: a vote that is repeated is still one vote."""

    times: int = TIMES

    usage: ClassVar[str] = "[TIMES, 3]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (("2",), ("3",), ("7",))

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The argument is how often each message is said, 1 to 16."""
        refuse_arguments(arguments[1:])
        times = parse_number(arguments[0]) if arguments else TIMES
        if not 1 <= times <= TIMES_MAX:
            raise BehaviourError(f"not 1 to {TIMES_MAX}: {times}")
        return cls(liar, times=times)

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:  # noqa: ARG002
        """The truth, so many times."""
        return [(0, message)] * self.times
