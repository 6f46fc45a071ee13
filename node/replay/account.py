"""The closing account of a replay."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from node.load.latency import summarise_latencies
from node.load.stream import Pause
from node.load.tracker import Tracker


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What became of every row; counts are payments unless they say otherwise.

    rows = before + sent + withheld + unsent, and
    sent = final + failed + dropped + refused + pending + lost + unanswered.
    """

    rows: int
    before: int
    """Rows that the chain held already."""
    sent: int
    final: int
    failed: dict[str, int]
    dropped: dict[str, int]
    refused: dict[str, int]
    withheld: dict[str, int]
    """Not sent, because an earlier payment of the same sender was refused, by its reason."""
    unsent: int
    pending: int
    lost: int
    unanswered: int
    """Sent, but no node ever answered, and none knows them."""
    resent: int
    """Sent again: for want of room, of an answer, or of progress."""
    funded_senders: int
    funded_amount: int
    funding_seconds: float
    seconds: float
    """Of the payments alone."""
    tx_per_second: float
    latency_ms: dict[str, float | None]
    pauses: list[dict[str, float]]
    """Times of a second and more in which payments waited and none became final."""

    @property
    def is_complete(self) -> bool:
        """Is every row final."""
        return self.before + self.final == self.rows

    def to_plain(self) -> dict[str, Any]:
        """For JSON; amounts as decimal strings."""
        return msgspec.structs.asdict(self) | {"funded_amount": str(self.funded_amount)}


def draw_account(
    tracker: Tracker,
    *,
    rows: int,
    before: int,
    withheld: Counter[str],
    unsent: int,
    pending: int,
    lost: int,
    resent: int,
    funded_senders: int,
    funded_amount: int,
    funding_s: float,
    payment_s: float,
    pauses: Sequence[Pause],
) -> Account:
    """Put the counts together."""
    return Account(
        rows=rows,
        before=before,
        sent=rows - before - withheld.total() - unsent,
        final=tracker.final,
        failed=dict(tracker.failed),
        dropped=dict(tracker.dropped),
        refused=dict(tracker.refused),
        withheld=dict(withheld),
        unsent=unsent,
        pending=pending,
        lost=lost,
        unanswered=len(tracker.waiting) - pending - lost,
        resent=resent,
        funded_senders=funded_senders,
        funded_amount=funded_amount,
        funding_seconds=round(funding_s, 3),
        seconds=round(payment_s, 3),
        tx_per_second=round(tracker.final / payment_s, 2) if payment_s > 0 else 0.0,
        latency_ms=summarise_latencies(tracker.latencies_s),
        pauses=[
            {"after_seconds": round(pause.after_s, 1), "seconds": round(pause.seconds, 1)}
            for pause in pauses
        ],
    )
