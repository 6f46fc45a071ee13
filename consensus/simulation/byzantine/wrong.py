"""Messages that are right but for one place of a certain role."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.simulation.byzantine.arguments import take_permille
from consensus.simulation.byzantine.behaviour import Honest, Liar
from consensus.simulation.byzantine.fields import Role
from consensus.simulation.byzantine.forging import change_one
from consensus.simulation.byzantine.inventive import Inventive


@dataclass(slots=True)
class Wrong(Inventive):
    """The common part: in so many of a thousand messages, one place of these roles is changed."""

    permille: int = 1_000

    roles: ClassVar[frozenset[Role]] = frozenset()
    usage: ClassVar[str] = "[PERMILLE of messages, 1000]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (("200",), ("600",), ("1000",))

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The argument is how many of a thousand messages lie."""
        return cls(liar, permille=take_permille(arguments, 1_000))

    def invent(self, message: Any) -> Iterable[Any]:
        """A lie where the message has such a place, and the truth otherwise."""
        lie = None
        if self.liar.chance.happens(self.permille):
            lie = change_one(message, self.liar, self.memory, self.roles)
        return (message if lie is None else lie,)


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
    """Cuts, doubles and mixes certificates, or puts words of its own in others' place."""

    roles: ClassVar[frozenset[Role]] = frozenset({Role.PARTS, Role.SIGNED})


@dataclass(slots=True)
class WrongValue(Wrong):
    """Gives another value, mostly with digests to match: forged, empty, or one known already."""

    roles: ClassVar[frozenset[Role]] = frozenset({Role.VALUE})
