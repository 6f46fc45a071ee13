"""Some kinds of messages are never said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said
from consensus.simulation.byzantine.memory import find_kind

WITHHELD_PERMILLE = 500


@dataclass(slots=True)
class Withholding(Honest):
    """Keeps back all messages of the kinds named; with none named, a coin decides for each kind."""

    kinds: dict[str, bool] = field(default_factory=dict)
    """Whether a kind is withheld."""
    is_drawn: bool = True

    usage: ClassVar[str] = "[KIND…]"

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The kinds are names of messages, such as `Commit`."""
        return cls(liar, kinds=dict.fromkeys(arguments, True), is_drawn=not arguments)

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:  # noqa: ARG002
        """The message, unless its kind is withheld."""
        if not self.is_withheld(find_kind(message).__name__):
            yield 0, message

    def is_withheld(self, kind: str) -> bool:
        """Is this kind kept back; drawn at its first occurrence if nobody said which."""
        if self.is_drawn and kind not in self.kinds:
            self.kinds[kind] = self.liar.chance.happens(WITHHELD_PERMILLE)
        return self.kinds.get(kind, False)
