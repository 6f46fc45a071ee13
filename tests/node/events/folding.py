"""What a reader makes of a stream of events: the chain, and every transaction's turns, once each."""

from collections import defaultdict
from dataclasses import dataclass, field

from ledger.ledger import Ledger
from node.api.node_models import EventAnswer


@dataclass
class Fold:
    """Takes events in order and fails on whatever is told twice, skipped, or out of place."""

    blocks: list[str] = field(default_factory=list)
    """Ids from height 1 up."""
    final: int = 0
    depths: list[int] = field(default_factory=list)
    """Of the reorganisations."""
    turns: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    kinds: list[str] = field(default_factory=list)
    cursors: set[str] = field(default_factory=set)

    def take(self, event: EventAnswer) -> None:
        """One more event."""
        assert event.cursor not in self.cursors, event
        self.cursors.add(event.cursor)
        self.kinds.append(event.kind)
        match event.kind:
            case "block":
                assert event.height == len(self.blocks) + 1, event
                self.blocks.append(event.data["id"])
            case "final":
                assert event.height == self.final + 1, event
                assert self.blocks[self.final] == event.data["id"]
                self.final += 1
            case "reorganisation":
                self._undo(event)
            case "transaction":
                self.turns[event.data["id"]].append(event.data["status"])
            case "gap":
                raise AssertionError(event)

    def _undo(self, event: EventAnswer) -> None:
        fork = event.data["fork_height"]
        assert fork >= self.final
        undone = [(one["height"], one["id"]) for one in event.data["undone"]]
        assert undone == list(enumerate(self.blocks[fork:], fork + 1)), event
        del self.blocks[fork:]
        self.depths.append(len(undone))

    def matches(self, ledger: Ledger) -> bool:
        """Is this the ledger's chain, up to its head and its final block."""
        if (len(self.blocks), self.final) != (ledger.height, ledger.final_height):
            return False
        return all(
            ledger.block(height).id.hex() == name for height, name in enumerate(self.blocks, 1)
        )
