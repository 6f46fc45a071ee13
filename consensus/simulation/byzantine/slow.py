"""Just in time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.simulation.byzantine.arguments import PERMILLE_MAX, take_permille
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said

SLOW_PERMILLE = 900


@dataclass(slots=True)
class Slow(Honest):
    """Holds everything back for almost as long as the others are patient, and never longer."""

    permille: int = SLOW_PERMILLE

    usage: ClassVar[str] = "[PERMILLE of the first timeout, 900]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (("500",), ("900",), ("990",))

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The argument is the delay in thousandths of the patience."""
        return cls(liar, permille=take_permille(arguments, SLOW_PERMILLE))

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:  # noqa: ARG002
        """The truth, late."""
        yield self.liar.patience_ms * self.permille // PERMILLE_MAX, message
