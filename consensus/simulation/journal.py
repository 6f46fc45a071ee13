"""A simulated journal: what was written, what is durable, and what a crash leaves of it.

Writes come in order. A kill leaves all that was written; a power failure leaves some prefix of what
was not synced yet, of which the last record may be torn: it is cut off when the journal is opened.
"""

from dataclasses import dataclass, field
from typing import Any

from consensus.simulation.chance import Chance


@dataclass(slots=True)
class Journal:
    """The journal of one host."""

    durable: list[Any] = field(default_factory=list)
    unsynced: list[tuple[Any, ...] | Any] = field(default_factory=list)
    """Records, and `Rewritten` marks, that the disk has not confirmed."""
    is_lost: bool = False
    """Was it ever lost: an empty journal does not mean then that nothing was ever said."""
    torn: bool = False
    """Does it end in half a record."""

    def append(self, record: Any) -> None:
        """Write a record at the end."""
        self.unsynced.append(record)

    def rewrite(self, records: tuple[Any, ...]) -> None:
        """Replace the whole journal; after a crash it is the old one or the new one."""
        self.unsynced.append(Rewritten(records))

    @property
    def records(self) -> list[Any]:
        """Everything written, durable or not."""
        return replay(self.durable, self.unsynced)

    def sync(self, writes: int | None = None) -> None:
        """Confirm the oldest writes; all of them if no number is given."""
        count = len(self.unsynced) if writes is None else writes
        if count == 1 and not isinstance(self.unsynced[0], Rewritten):
            self.durable.append(self.unsynced[0])
        else:
            self.durable = replay(self.durable, self.unsynced[:count])
        del self.unsynced[:count]

    def fail_power(self, chance: Chance) -> None:
        """Keep a prefix of what was not synced, perhaps with half of the next record."""
        if not self.unsynced:
            return
        kept = chance.below(len(self.unsynced) + 1)
        is_cut_short = kept < len(self.unsynced) and not isinstance(self.unsynced[kept], Rewritten)
        self.torn = self.torn or (is_cut_short and chance.happens(500))
        self.durable = replay(self.durable, self.unsynced[:kept])
        self.unsynced.clear()

    def tear(self) -> None:
        """The write under way stops in its middle."""
        self.torn = True

    def open(self) -> bool:
        """Cut off half a record at the end; was there one."""
        torn, self.torn = self.torn, False
        return torn

    def wipe(self) -> None:
        """Lose everything but the knowledge that there was something."""
        self.durable, self.unsynced, self.torn, self.is_lost = [], [], False, True


@dataclass(frozen=True, slots=True)
class Rewritten:
    """An unsynced replacement of the whole journal."""

    records: tuple[Any, ...]


def replay(durable: list[Any], writes: list[Any]) -> list[Any]:
    """What the journal holds after more writes."""
    records = list(durable)
    for write in writes:
        if isinstance(write, Rewritten):
            records = list(write.records)
        else:
            records.append(write)
    return records
