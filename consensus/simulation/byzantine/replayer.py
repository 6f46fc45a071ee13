"""Genuine messages, again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.simulation.byzantine.arguments import take_permille
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said

REPLAYED_PERMILLE = 150
LATENESS = 3
"""A replay is held back by at most so many times the engine's patience."""


@dataclass(slots=True)
class Replayer(Honest):
    """Repeats what others signed, and its own old messages, late and to whomever it likes."""

    permille: int = REPLAYED_PERMILLE

    usage: ClassVar[str] = "[PERMILLE of messages heard, 150]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (("50",), ("150",), ("400",))

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The argument is how many replays there are for a thousand messages heard."""
        return cls(liar, permille=take_permille(arguments, REPLAYED_PERMILLE))

    def answer(
        self,
        sender: ReplicaId,  # noqa: ARG002
        message: Any,  # noqa: ARG002
    ) -> Iterator[tuple[ReplicaId, Said]]:
        """Now and then something remembered goes out again."""
        liar = self.liar
        if liar.others and liar.chance.happens(self.permille):
            delay_ms = liar.chance.below(LATENESS * liar.patience_ms)
            yield liar.chance.choose(liar.others), (delay_ms, self.recall())

    def recall(self) -> Any:
        """Any message in memory."""
        if self.memory.said and self.liar.chance.happens(400):
            return self.liar.chance.choose(self.memory.said)
        return self.liar.chance.choose(self.memory.heard)[1]
