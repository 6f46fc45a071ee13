"""Clients read at hosts: what was asked, what had been decided by then, and what was answered.

A read is fresh if the height that the engine answers with is at least the greatest that any host
had decided when the engine was asked: somebody may have told a client of it. Numbers of reads go on
through crashes, so that an answer which comes late is never taken for that of another read.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consensus.effects import Readable
from consensus.events import Read
from consensus.message import Height

if TYPE_CHECKING:
    from consensus.simulation.host import Host


@dataclass(slots=True)
class Reads:
    """The reads of one host."""

    tickets: int = 0
    """How many were asked for, by all incarnations."""
    asked: dict[int, Height] = field(default_factory=dict)
    """What is not answered: ticket -> what had been decided anywhere before."""
    answers: dict[int, Height] = field(default_factory=dict)

    def forget(self) -> None:
        """The host crashes, and its clients are told nothing any more."""
        self.asked.clear()
        self.answers.clear()


def can_read(host: "Host") -> bool:
    """Does its engine take reads: it runs, it has a vote, and such is its kind."""
    return host.spec.reads and host.is_up and not host.is_follower


def is_leading(host: "Host") -> bool:
    """Does its engine think that it leads."""
    return host.engine is not None and host.spec.account(host.engine).leader == host.name


def ask(host: "Host") -> int:
    """A client reads at a host; returns the ticket."""
    reads = host.reads
    reads.tickets += 1
    ticket = reads.tickets
    reads.asked[ticket] = host.around.decided_height
    host.around.note_asked(host, ticket)
    host.feed(Read(ticket))
    return ticket


def answer(host: "Host", effect: Readable) -> None:
    """The engine names a height; what nobody asked, or was answered before, is for nobody."""
    before = host.reads.asked.pop(effect.ticket, None)
    if before is not None:
        host.reads.answers[effect.ticket] = effect.height
        host.around.note_answered(host, effect.height, before)


def is_served(host: "Host", ticket: int) -> bool:
    """Could the client of this ticket be told by now."""
    height = host.reads.answers.get(ticket)
    return height is not None and height <= host.height
