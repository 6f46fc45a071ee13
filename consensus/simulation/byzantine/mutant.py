"""Small faults: one place off by one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.simulation.byzantine.arguments import take_permille
from consensus.simulation.byzantine.behaviour import Honest, Liar
from consensus.simulation.byzantine.forging import change_one
from consensus.simulation.byzantine.inventive import Inventive

MUTATED_PERMILLE = 250
FATES = 8


@dataclass(slots=True)
class Mutant(Inventive):
    """Changes one small thing now and then: a view or height by one, a vote left out, an old value.

    It is honest most of the time, because one that is always wrong is ignored and does no harm.
    """

    permille: int = MUTATED_PERMILLE

    usage: ClassVar[str] = "[PERMILLE of messages, 250]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (("50",), ("250",), ("600",))

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The argument is how many of a thousand messages are changed."""
        return cls(liar, permille=take_permille(arguments, MUTATED_PERMILLE))

    def invent(self, message: Any) -> Iterable[Any]:
        """The truth, or a mutation of it."""
        is_true = not self.liar.chance.happens(self.permille)
        return (message,) if is_true else self.mutate(message)

    def mutate(self, message: Any) -> list[Any]:
        """Nothing, an older message of the same kind, or this one with one place changed."""
        match self.liar.chance.below(FATES):
            case 0:
                return []
            case 1:
                older = self.memory.find_older(message)
                return [self.liar.chance.choose(older)] if older else []
            case _:
                changed = change_one(message, self.liar, self.memory)
                return [message if changed is None else changed]
