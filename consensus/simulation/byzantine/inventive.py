"""Liars that make something of each message, for one receiver or for all."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.simulation.byzantine.behaviour import Honest, Said

COMMON_PERMILLE = 500


@dataclass(slots=True)
class Inventive(Honest):
    """The common part: a subclass says what it makes of a message.

    About half of the messages become the same lie for everybody, which others may agree on; the
    rest are lied about to each receiver separately, which sets them against each other.
    """

    meant: Any = None
    """The last message, which may be for several receivers."""
    lies: list[Any] | None = field(default=None)
    """What was made of it, if that is for all."""

    common_permille: ClassVar[int] = COMMON_PERMILLE

    def invent(self, message: Any) -> Iterable[Any]:
        """What is said instead; a new draw at each call."""
        return (message,)

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:  # noqa: ARG002
        """The common lie, or one for this receiver."""
        if message is not self.meant:
            is_common = self.liar.chance.happens(self.common_permille)
            self.meant, self.lies = message, list(self.invent(message)) if is_common else None
        lies = self.invent(message) if self.lies is None else self.lies
        return [(0, lie) for lie in lies]
