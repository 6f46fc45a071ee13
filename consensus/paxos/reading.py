"""Linearizable reads without ordering anything: the read index (Ongaro 2014, 6.4).

A member asks the leader how far it must have come. The leader notes what it has decided, and then
makes sure that it was still leading when it was asked: a majority answers a heartbeat that it sends
afterwards, hence had promised nothing higher by then, hence nobody else had finished phase 1. So
nothing that had been decided anywhere before the question lies above what it noted, provided that
all is decided which phase 1 of its own ballot had found. No clock is trusted, unlike with leases.

One heartbeat at a time is under way for reads; questions that come meanwhile share the next.
"""

from collections.abc import Iterator

from consensus.committee import ReplicaId
from consensus.effects import Effect, Ignore, Readable, Send
from consensus.events import Read
from consensus.paxos.heartbeat import beat
from consensus.paxos.learner import claim
from consensus.paxos.messages import AskIndex, Index
from consensus.paxos.refusals import Refusal
from consensus.paxos.replica import PendingRead, Replica

READS_PER_MEMBER = 64
"""Reads of one member that a replica remembers; its host shares one among many clients."""


def on_read(replica: Replica, event: Read) -> Iterator[Effect]:
    """A client of this member reads; the oldest question that nobody answered makes room."""
    if not replica.is_voting:
        yield Ignore(event, Refusal.NOT_VOTING)
        return
    if event.ticket in replica.tickets:
        yield Ignore(event, Refusal.DUPLICATE)
        return
    if len(replica.tickets) >= READS_PER_MEMBER:
        del replica.tickets[min(replica.tickets)]
    replica.tickets[event.ticket] = False


def ask_leader(replica: Replica) -> Iterator[Effect]:
    """After every step: put to the present leader what it was not asked yet."""
    if replica.leader is None or replica.me is None:
        return
    for ticket, is_asked in replica.tickets.items():
        if not is_asked:
            replica.tickets[ticket] = True
            yield Send(replica.leader.proposer, AskIndex(ticket))


def repeat_reads(replica: Replica) -> Iterator[Effect]:
    """Questions or answers may have been lost."""
    replica.tickets = dict.fromkeys(replica.tickets, False)
    yield from ask_leader(replica)


def on_ask_index(replica: Replica, sender: ReplicaId, question: AskIndex) -> Iterator[Effect]:
    """At the leader: note how far it is; what it cannot say yet waits."""
    reads = replica.leading.reads
    if not replica.is_leading:
        yield Ignore(question, Refusal.NOT_LEADING)
    elif any((read.reader, read.ticket) == (sender, question.ticket) for read in reads):
        yield Ignore(question, Refusal.DUPLICATE)
    elif sum(read.reader == sender for read in reads) >= READS_PER_MEMBER:
        yield Ignore(question, Refusal.ANSWERED)
    else:
        reads.append(PendingRead(sender, question.ticket, height=0, beat=0))


def confirm_reads(replica: Replica) -> Iterator[Effect]:
    """After every step of a leader: answer what a majority has confirmed, and ask for the rest."""
    leading = replica.leading
    if not leading.reads or not replica.is_settled:
        return
    voices = sorted(leading.beat_voices.values(), reverse=True)
    majority = replica.committee.majority
    confirmed = voices[majority - 1] if len(voices) >= majority else 0
    waiting = []
    for read in leading.reads:
        if 0 < read.beat <= confirmed:
            yield Send(read.reader, Index(read.ticket, read.height))
        else:
            waiting.append(read)
    leading.reads = waiting
    if waiting and not any(read.beat for read in waiting):
        for read in waiting:
            read.beat, read.height = leading.beats + 1, replica.decided
        yield from beat(replica)


def on_index(replica: Replica, index: Index) -> Iterator[Effect]:
    """The leader's answer: the host may read as soon as so much is executed."""
    if index.ticket not in replica.tickets:
        yield Ignore(index, Refusal.UNWANTED)
        return
    del replica.tickets[index.ticket]
    claim(replica, index.height)
    replica.count("reads")
    yield Readable(index.ticket, index.height)
