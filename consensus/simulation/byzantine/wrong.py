"""Messages that are right but for one place of a certain role."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.simulation.byzantine.arguments import take_permille
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said
from consensus.simulation.byzantine.fields import Role
from consensus.simulation.byzantine.forging import change_one


@dataclass(slots=True)
class Wrong(Honest):
    """The common part: in so many of a thousand messages, one place of these roles is changed."""

    permille: int = 1_000

    roles: ClassVar[frozenset[Role]] = frozenset()
    usage: ClassVar[str] = "[PERMILLE of messages, 1000]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (("200",), ("600",), ("1000",))

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The argument is how many of a thousand messages lie."""
        return cls(liar, permille=take_permille(arguments, 1_000))

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:  # noqa: ARG002
        """A lie where the message has such a place, and the truth otherwise."""
        lie = None
        if self.liar.chance.happens(self.permille):
            lie = change_one(message, self.liar, self.memory, self.roles)
        yield 0, message if lie is None else lie


@dataclass(slots=True)
class WrongDigest(Wrong):
    """Names another digest, properly signed: one heard for that height, the null's, or nobody's."""

    roles: ClassVar[frozenset[Role]] = frozenset({Role.DIGEST})


@dataclass(slots=True)
class WrongHeight(Wrong):
    """Names another height: a neighbour, one beyond any window, or one long past."""

    roles: ClassVar[frozenset[Role]] = frozenset({Role.HEIGHT})


@dataclass(slots=True)
class WrongParts(Wrong):
    """Cuts, doubles and mixes certificates and lists, each part of them genuine."""

    roles: ClassVar[frozenset[Role]] = frozenset({Role.PARTS})
