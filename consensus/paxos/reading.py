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
from consensus.effects import Broadcast, Effect, Ignore, Readable, Send
from consensus.events import Read
from consensus.paxos.heartbeat import beat
from consensus.paxos.learner import claim
from consensus.paxos.messages import AskIndex, Index
from consensus.paxos.refusals import Refusal, ignore
from consensus.paxos.replica import PendingRead, Replica

READS_PER_MEMBER = 64
"""Reads of one member that a replica remembers; its host shares one among many clients."""


def on_read(replica: Replica, event: Read) -> Iterator[Effect]:
    """A client of this member reads."""
    if not replica.is_voting or replica.me is None:
        return ignore(event, Refusal.NOT_VOTING)
    remember(replica, replica.me, event.ticket)
    return iter(())


def remember(replica: Replica, reader: ReplicaId, ticket: int) -> None:
    """A read to be put to the leader; the oldest of its reader makes room."""
    of_reader = sorted(key for key in replica.tickets if key[0] == reader)
    if len(of_reader) >= READS_PER_MEMBER:
        del replica.tickets[of_reader[0]]
    replica.tickets.setdefault((reader, ticket), False)


def ask_leader(replica: Replica) -> Iterator[Effect]:
    """After every step: put to the present leader what it was not asked yet."""
    if replica.leader is None:
        return
    for (reader, ticket), is_asked in replica.tickets.items():
        if not is_asked:
            replica.tickets[reader, ticket] = True
            yield Send(replica.leader.proposer, AskIndex(reader, ticket))


def repeat_reads(replica: Replica) -> Iterator[Effect]:
    """Questions or answers may have been lost, and who does not hear the leader asks all others.

    What was passed on for somebody is forgotten: it asks again.
    """
    replica.tickets = {key: False for key in replica.tickets if key[0] == replica.me}
    for reader, ticket in replica.tickets:
        yield Broadcast(AskIndex(reader, ticket))


def on_ask_index(replica: Replica, sender: ReplicaId, question: AskIndex) -> Iterator[Effect]:
    """A leader notes how far it is; another member passes the question of the reader itself on."""
    if replica.is_leading:
        reads = replica.leading.reads
        asked = (sender, question.reader, question.ticket)
        if any((read.asker, read.reader, read.ticket) == asked for read in reads):
            return ignore(question, Refusal.DUPLICATE)
        if sum(read.asker == sender for read in reads) >= READS_PER_MEMBER:
            return ignore(question, Refusal.ANSWERED)
        reads.append(PendingRead(sender, question.reader, question.ticket, height=0, beat=0))
        return iter(())
    if sender == replica.me or sender != question.reader or not replica.is_voting:
        return ignore(question, Refusal.NOT_LEADING)
    if replica.leader is None or replica.leader.proposer == sender:
        return ignore(question, Refusal.NOT_LEADING)
    remember(replica, question.reader, question.ticket)
    return iter(())


def confirm_reads(replica: Replica) -> Iterator[Effect]:
    """After every step of a leader: answer what a majority has confirmed, and ask for the rest."""
    leading = replica.leading
    if not leading.reads or not replica.is_settled or replica.is_at_change:
        return
    voices = sorted(leading.beat_voices.values(), reverse=True)
    majority = replica.committee.majority
    confirmed = voices[majority - 1] if len(voices) >= majority else 0
    waiting = []
    for read in leading.reads:
        if 0 < read.beat <= confirmed:
            yield Send(read.asker, Index(read.reader, read.ticket, read.height))
        else:
            waiting.append(read)
    leading.reads = waiting
    if waiting and not any(read.beat for read in waiting):
        for read in waiting:
            read.beat, read.height = leading.beats + 1, replica.decided
        yield from beat(replica)


def on_index(replica: Replica, index: Index) -> Iterator[Effect]:
    """The leader's answer: the host may read as soon as so much is executed."""
    if replica.tickets.pop((index.reader, index.ticket), None) is None:
        yield Ignore(index, Refusal.UNWANTED)
        return
    claim(replica, index.height)
    if index.reader == replica.me:
        replica.count("reads")
        yield Readable(index.ticket, index.height)
    else:
        replica.count("reads_relayed")
        yield Send(index.reader, index)
