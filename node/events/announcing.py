"""How far the chain was announced, and what is to be said to get from there to where it stands.

The same comparison serves every block and every start: the announced branch, which is kept with the
log, is compared with the ledger's, and the difference is said. So a block that was announced is not
announced again after a restart, and one that was written just before a crash is announced then. A
ledger that stands lower than what was announced (a power cut took its end) is waited for: what it
executes again has been said already.
"""

import msgspec

from ledger.ledger import Ledger
from node.events.log import EventLogError
from node.events.records import (
    CommitteeChanged,
    CommitteeScheduled,
    Grown,
    Mark,
    Missed,
    Party,
    Record,
    Reorganised,
    Settled,
)

BEHIND_MAX = 10_000
"""So many blocks are announced at a start at most: the log is not made to hold a whole chain."""


class Announced(msgspec.Struct, array_like=True):
    """The announced branch, from the last block that was announced as final up to the head.

    `since` and `scheduled` say which committee was announced; see `MembershipState`.
    """

    marks: list[Mark]
    since: int
    scheduled: int | None = None


_decode = msgspec.msgpack.Decoder(Announced).decode


def decode_announced(data: bytes) -> Announced:
    """What `encode_announced` wrote; raises `EventLogError`."""
    try:
        announced = _decode(data)
    except msgspec.MsgspecError as error:
        raise EventLogError(f"how far the chain was announced: {error}") from error
    if not announced.marks:
        raise EventLogError("how far the chain was announced: no block")
    return announced


encode_announced = msgspec.msgpack.Encoder().encode


def describe(ledger: Ledger) -> Announced:
    """Where the ledger stands, as if all of it had been announced."""
    heights = range(ledger.final_height, ledger.height + 1)
    membership = ledger.membership()
    scheduled = membership.scheduled
    return Announced(
        [Mark(height, _id_at(ledger, height)) for height in heights],
        membership.since,
        None if scheduled is None else scheduled.height,
    )


def _id_at(ledger: Ledger, height: int) -> bytes:
    return ledger.head_id if height == ledger.height else ledger.block(height).id


class Announcer:
    """Follows one ledger; `announced` is where it got to."""

    def __init__(self, ledger: Ledger, announced: Announced) -> None:
        self._ledger = ledger
        self.announced = announced

    def follow(self, returned: tuple[Party, ...] = ()) -> list[Record]:
        """What is to be said now; `returned` wait again since blocks were undone, if any were."""
        said = self._follow_branch(returned)
        if not self._is_ahead():
            said += self._follow_committee()
        return said

    def _is_ahead(self) -> bool:
        """Was more announced than the ledger holds now, so that it is to be waited for."""
        ledger, marks = self._ledger, self.announced.marks
        if ledger.height >= marks[-1].height:
            return False
        return ledger.height < marks[0].height or any(
            mark.id == ledger.head_id for mark in marks[:-1]
        )

    def _follow_branch(self, returned: tuple[Party, ...]) -> list[Record]:
        if self._is_ahead():
            return []
        marks = self.announced.marks
        kept = len(marks)
        while kept and not self._is_adopted(marks[kept - 1]):
            kept -= 1
        if not kept:
            return self._start_anew("replaced")
        if self._ledger.height - marks[kept - 1].height > BEHIND_MAX:
            return self._start_anew("too-many")
        said: list[Record] = []
        if undone := tuple(marks[kept:]):
            said.append(Reorganised(marks[kept - 1].height, undone, returned))
            del marks[kept:]
        return said + self._grow() + self._settle()

    def _is_adopted(self, mark: Mark) -> bool:
        ledger = self._ledger
        if mark.height == ledger.height:
            return mark.id == ledger.head_id
        found = ledger.header_by_id(mark.id)
        return found is not None and found.height == mark.height

    def _start_anew(self, reason: str) -> list[Record]:
        """Say what is not going to be told, and stand where the ledger does."""
        first = min(self.announced.marks[0].height, self._ledger.height) + 1
        self.announced = describe(self._ledger)
        return [Missed(first, self._ledger.height, reason)]

    def _grow(self) -> list[Record]:
        ledger, marks = self._ledger, self.announced.marks
        said: list[Record] = []
        for height in range(marks[-1].height + 1, ledger.height + 1):
            mark = Mark(height, _id_at(ledger, height))
            marks.append(mark)
            is_final = height <= ledger.final_height
            said.append(Grown(height, mark.id, is_final))
            if is_final:
                said += self._settle()
        return said

    def _settle(self) -> list[Record]:
        """Final blocks leave the branch, but for the last of them."""
        marks = self.announced.marks
        said: list[Record] = []
        while len(marks) > 1 and marks[1].height <= self._ledger.final_height:
            del marks[0]
            said.append(Settled(marks[0].height, marks[0].id))
        return said

    def _follow_committee(self) -> list[Record]:
        membership, announced = self._ledger.membership(), self.announced
        keys = membership.keys
        said: list[Record] = []
        if membership.since != announced.since:
            announced.since = membership.since
            members = tuple(keys[member] for member in membership.members)
            said.append(CommitteeChanged(membership.since, members, membership.faults))
        scheduled = membership.scheduled
        height = None if scheduled is None else scheduled.height
        if height != announced.scheduled:
            announced.scheduled = height
            if scheduled is not None:
                members = tuple(keys[member] for member in scheduled.members)
                said.append(CommitteeScheduled(scheduled.height, members, scheduled.faults))
        return said
