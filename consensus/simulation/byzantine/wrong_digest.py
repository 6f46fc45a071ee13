"""Votes for something else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.simulation.byzantine.arguments import take_permille
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said
from consensus.simulation.byzantine.fields import Role
from consensus.simulation.byzantine.forging import change_one

DIGESTS = frozenset({Role.DIGEST})


@dataclass(slots=True)
class WrongDigest(Honest):
    """Names another digest, properly signed: one heard for that height, the null's, or nobody's."""

    permille: int = 1_000

    usage: ClassVar[str] = "[PERMILLE of messages, 1000]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (("200",), ("600",), ("1000",))

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The argument is how many of a thousand messages lie."""
        return cls(liar, permille=take_permille(arguments, 1_000))

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:  # noqa: ARG002
        """A lie where the message names a digest, and the truth otherwise."""
        lie = None
        if self.liar.chance.happens(self.permille):
            lie = change_one(message, self.liar, self.memory, DIGESTS)
        yield 0, message if lie is None else lie
