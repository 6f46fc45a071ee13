"""Silence."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from consensus.committee import ReplicaId
from consensus.simulation.byzantine.behaviour import Honest, Said


@dataclass(slots=True)
class Silent(Honest):
    """Says nothing at all, though it hears and looks alive."""

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:  # noqa: ARG002
        """Nothing."""
        return ()
