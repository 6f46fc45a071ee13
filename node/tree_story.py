"""What the rest of a node hears of a head that moves: stories, outcomes, measures of forks."""

from collections.abc import Sequence

import structlog

from ledger.blocks import StoredBlock
from ledger.mempool import Dropped
from ledger.switching import Switch
from ledger.transaction import Envelope
from node.events.recorder import EventRecorder
from node.lifecycle import Lifecycle
from node.metrics import Metrics
from node.stories import Stories, Turn

_log = structlog.get_logger(__name__)


class TreeStory:
    """Told by whoever moves the head, once each, in order."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        stories: Stories,
        metrics: Metrics,
        events: EventRecorder | None = None,
    ) -> None:
        self._events = events
        self._lifecycle = lifecycle
        self._metrics = metrics
        self.stories = stories

    def on_admitted(self, envelopes: Sequence[Envelope]) -> None:
        """New transactions wait."""
        self.stories.tell((envelope.id for envelope in envelopes), Turn.PENDING)

    def on_switch(self, switch: Switch, dropped: Sequence[Dropped]) -> None:
        """The head moved; what was undone and is in the new branch too was never back."""
        tell = self.stories.tell
        if switch.undone:
            self._on_reorganisation(switch)
        for applied in switch.applied:
            tell(applied.ids, Turn.INCLUDED, applied.header.height, applied.block_id)
            self._lifecycle.on_executed(applied)
        for drop in dropped:
            tell((drop.id,), Turn.DROPPED, reason=drop.reason.value)
        self._lifecycle.on_dropped(dropped)
        if self._events is not None:
            included = [id_ for applied in switch.applied for id_ in applied.ids]
            self._events.on_chain(included, switch.orphans)
            self._events.on_dropped(dropped)

    def _on_reorganisation(self, switch: Switch) -> None:
        back = {envelope.id for envelope in switch.orphans}
        for block in switch.undone:
            ids = [envelope.id for envelope in block.envelopes if envelope.id in back]
            self.stories.tell(ids, Turn.RETURNED, block.height, block.block_id)
        self._metrics.reorganisation_depth.observe(switch.depth)
        self._metrics.returned.inc(len(back))
        _log.info(
            "reorganised",
            fork=switch.fork,
            undone=switch.depth,
            applied=len(switch.applied),
            returned=len(back),
        )

    def on_final(self, block: StoredBlock) -> None:
        """A block became irreversible."""
        self.stories.tell(block.ids, Turn.FINAL, block.header.height, block.id)
        failed = sum(receipt.status == "failed" for receipt in block.receipts)
        self._lifecycle.on_final(block.ids, failed)
        if self._events is not None:
            self._events.on_chain()

    def on_refuted(self, switch: Switch) -> None:
        """A branch could not be executed."""
        self._metrics.refuted.inc()
        _log.warning("a branch was refused", block=(switch.refuted or b"").hex(), why=switch.reason)
