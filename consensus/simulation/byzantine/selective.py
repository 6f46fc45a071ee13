"""Some replicas are never spoken to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.simulation.byzantine.arguments import parse_replicas
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said
from consensus.simulation.byzantine.choosing import draw_some


@dataclass(slots=True)
class Selective(Honest):
    """Speaks only to the replicas named; with none named, to some that it draws."""

    chosen: frozenset[ReplicaId] = frozenset()

    usage: ClassVar[str] = "[R…]"

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The arguments are replica ids."""
        chosen = parse_replicas(arguments) or draw_some(liar.others, liar.chance)
        return cls(liar, chosen=chosen)

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:
        """The truth, or nothing."""
        if receiver in self.chosen:
            yield 0, message
