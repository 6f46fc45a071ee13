"""Bugs of reads: an index that is no index."""

from collections.abc import Iterator

from consensus.effects import Effect, Readable, Send
from consensus.events import Read
from consensus.paxos import reading
from consensus.paxos.messages import Index
from consensus.paxos.replica import Replica
from tests.consensus.mutants.planting import Ground, Mutant
from tests.consensus.paxos.mutants.storms import FIVE, STALE, THREE


def answer_alone(ground: Ground) -> None:
    """A leader asks nobody whether it still leads."""

    def confirm(replica: Replica) -> Iterator[Effect]:
        reads, replica.leading.reads = replica.leading.reads, []
        for read in reads:
            yield Send(read.asker, Index(read.reader, read.ticket, replica.decided))

    ground.swap(reading.confirm_reads, confirm)


def answer_unsettled(ground: Ground) -> None:
    """A new leader answers before it has decided what phase 1 had found."""
    ground.put(Replica, "is_settled", property(lambda _self: True))


def read_here(ground: Ground) -> None:
    """A member answers from what it has decided itself."""
    on_read = reading.on_read

    def answer(replica: Replica, event: Read) -> Iterator[Effect]:
        if replica.is_voting:
            yield Readable(event.ticket, replica.decided)
        else:
            yield from on_read(replica, event)

    ground.swap(on_read, answer)


MUTANTS = (
    Mutant(
        "paxos-reads-unconfirmed",
        "a leader answers a read without asking whether it still leads",
        STALE,
        answer_alone,
        THREE,
    ),
    Mutant(
        "paxos-reads-unsettled",
        "a new leader answers a read before it has decided what phase 1 had found",
        STALE,
        answer_unsettled,
        FIVE,
    ),
    Mutant(
        "paxos-reads-here",
        "a member answers a read from what it knows itself",
        STALE,
        read_here,
        THREE,
    ),
)
