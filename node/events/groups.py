"""Subscribers, gathered by what they want: all of one group share the same bytes, queued once.

A chunk stays queued until the slowest member has it, or until the group's queue is full: then the
oldest chunk goes, and whoever still needed it is dropped. So a thousand subscribers that do not read
hold as much memory as one, and nobody waits for them.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from node.events.cursor import Position
from node.events.forms import Event, Wire
from node.events.kinds import Filter, Kind

CHUNK_BYTES_MAX = 16 * 1024
"""Handed to a connection at once: no more than this (or one event) waits there per subscriber."""
QUEUE_BYTES_MAX = 8 * 1024 * 1024
"""Queued for one group: about twenty full blocks of a thousand transactions."""
QUEUES_BYTES_MAX = 32 * 1024 * 1024
"""Queued for all groups together."""


LOOK_S_MAX = 0.25
"""A connection that takes nothing is looked at so often."""


class End(StrEnum):
    """Why a stream ends; the value is the text that the subscriber gets."""

    CAUGHT_UP = "caught-up"
    """All there is has been told, and no more was asked for."""
    TOO_SLOW = "too-slow"
    """Events came faster than the subscriber read them; it can resume from its cursor."""
    STALLED = "stalled"
    """The subscriber has read nothing for long."""
    CURSOR_TOO_OLD = "cursor-too-old"
    """What was to be read next went from the log meanwhile."""
    STOPPING = "node-stopping"
    """This node stops; resume here after its restart."""
    GONE = "gone"
    """The connection is lost."""


DROPS = (End.TOO_SLOW, End.STALLED, End.CURSOR_TOO_OLD)
"""The node's doing, not the subscriber's wish."""


class Ended(NamedTuple):
    """How a subscription ended, and the position up to which everything was handed over."""

    reason: End
    position: Position


class Outlet(Protocol):
    """One subscriber's connection."""

    @property
    def wire(self) -> Wire:
        """How it is spelled to."""

    def is_gone(self) -> bool:
        """Is the connection lost."""

    def count_waiting(self) -> int:
        """Bytes that were handed over and have not left this process."""

    async def send(self, payloads: Sequence[bytes]) -> None:
        """Hand bytes over; does not wait where nothing waits. Raises `ConnectionError`."""


class Chunk(NamedTuple):
    """Some events in a row: their bytes, the position of the last, and how many of each kind."""

    payloads: tuple[bytes, ...]
    last: Position
    counts: Counter[Kind]
    size_bytes: int


@dataclass(eq=False, slots=True)
class Subscriber:
    """One member of a group; `next` numbers the chunk that it gets next."""

    outlet: Outlet
    next: int
    position: Position
    ended: asyncio.Future[Ended]
    waiting: int = 0
    """Bytes that wait in its connection, when that was last looked at."""
    since: float = 0.0
    """Since when that number has not changed, on the monotonic clock."""
    look_at: float = 0.0
    """Not before that is it looked at again."""

    def look(self, now: float) -> bool:
        """Does nothing wait any longer; while something does it is looked at ever more seldom."""
        waiting = self.outlet.count_waiting()
        if waiting != self.waiting:
            self.waiting, self.since = waiting, now
        self.look_at = now + min(now - self.since, LOOK_S_MAX) if waiting else 0.0
        return not waiting

    def end(self, reason: End) -> None:
        """Tell whoever serves it to stop."""
        if not self.ended.done():
            self.ended.set_result(Ended(reason, self.position))


def make_chunks(events: Iterable[Event], log_id: str, wire: Wire) -> Iterator[Chunk]:
    """The events spelled for a wire, in chunks of `CHUNK_BYTES_MAX` or of one event."""
    payloads: list[bytes] = []
    counts: Counter[Kind] = Counter()
    size_bytes = 0
    last: Position | None = None
    for event in events:
        spelled = event.spell(log_id, wire)
        if last is not None and size_bytes + len(spelled) > CHUNK_BYTES_MAX:
            yield _make_chunk(payloads, last, counts, wire)
            payloads, counts, size_bytes = [], Counter(), 0
        payloads.append(spelled)
        counts[event.kind] += 1
        size_bytes += len(spelled)
        last = event.position
    if last is not None:
        yield _make_chunk(payloads, last, counts, wire)


def _make_chunk(payloads: list[bytes], last: Position, counts: Counter[Kind], wire: Wire) -> Chunk:
    whole = (b"".join(payloads),) if wire is Wire.SSE else tuple(payloads)
    return Chunk(whole, last, counts, sum(map(len, whole)))


@dataclass(eq=False)
class Group:
    """All subscribers on one kind of wire that want the same."""

    wire: Wire
    wanted: Filter
    members: set[Subscriber] = field(default_factory=set)
    _chunks: deque[Chunk] = field(default_factory=deque)
    _first: int = 0
    size_bytes: int = 0

    @property
    def end(self) -> int:
        """The number that the next chunk will have."""
        return self._first + len(self._chunks)

    def add(self, chunk: Chunk) -> None:
        """Queue a chunk for all members."""
        self._chunks.append(chunk)
        self.size_bytes += chunk.size_bytes

    def get(self, number: int) -> Chunk:
        """A queued chunk."""
        return self._chunks[number - self._first]

    def list_behind(self, now: float) -> list[Subscriber]:
        """Members that have not got everything, and are to be looked at."""
        end = self.end
        return [one for one in self.members if one.next < end and one.look_at <= now]

    def forget_read(self) -> None:
        """Let go what every member has."""
        if self._chunks:
            least = min((member.next for member in self.members), default=self.end)
            while self._first < least:
                self._pop()

    def forget_oldest(self) -> None:
        """Let the oldest chunk go, and with it whoever needed it."""
        if self._chunks:
            self._pop()
            for member in [one for one in self.members if one.next < self._first]:
                member.end(End.TOO_SLOW)
                self.members.discard(member)

    def _pop(self) -> None:
        self.size_bytes -= self._chunks.popleft().size_bytes
        self._first += 1
