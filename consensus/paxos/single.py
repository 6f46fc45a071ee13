"""Single-decree Paxos: one value, decided once (Lamport 2001, section 2; the chapter's 6.2, mended).

Model, bound and safety are those of the engine (see `engine` and `acceptor`): this is one height of it
without a standing leader. Proposer, acceptor and learner are records of their own, so what each has
to remember can be seen; only the acceptor's is durable, and the proposer's round with it.

Where the chapter errs: it takes the greatest value among the promises, not the one of the highest
ballot; lets two proposers use one number; has no refusals, so nobody learns what to exceed; keeps
nothing on disk; and lets rivals chase each other for ever. Here a refused proposer waits for a
random time, longer after each failure.

Cost: Prepare, Promise, Accept, Accepted and Learned, n - 1 of each: 5(n - 1) messages, four delays
until the proposer decides, five elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from consensus.agreement import AgreementEffect, Decided, Event, Opened, Propose
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, CancelTimer, Ignore, Persist, Send, SetTimer
from consensus.events import Elapsed, Received, Timer
from consensus.message import Height
from consensus.paxos.ballot import NO_BALLOT, Ballot, compute_next_ballot
from consensus.paxos.messages import (
    Accept,
    Accepted,
    ChosenSeal,
    Entry,
    Learned,
    Nack,
    Prepare,
    Promise,
    Promised,
)
from consensus.paxos.quorums import choose_entries
from consensus.paxos.refusals import Refusal

HEIGHT: Height = 1
"""The only one there is."""
RETRY: Timer = ("retry",)
DOUBLINGS_MAX = 6


@dataclass(slots=True)
class Proposer:
    """Volatile: a restarted proposer begins anew, in a ballot above all that it has promised."""

    wish: bytes | None = None
    ballot: Ballot = NO_BALLOT
    value: bytes | None = None
    """What it proposes in this ballot, once a majority has promised it."""
    promises: dict[ReplicaId, Promise] = field(default_factory=dict)
    voices: set[ReplicaId] = field(default_factory=set)
    seen: Ballot = NO_BALLOT
    """The highest ballot heard of."""
    failures: int = 0


@dataclass(slots=True)
class Acceptor:
    """Durable: every change is on disk before it is spoken of."""

    promised: Ballot = NO_BALLOT
    accepted: Entry | None = None


@dataclass(slots=True)
class Learner:
    """What is chosen, once that is known."""

    outcome: Learned | None = None


@dataclass(slots=True)
class SinglePaxos:
    """One participant; `patience_ms` is how long an attempt may take, doubled after failures."""

    me: ReplicaId
    committee: Committee
    patience_ms: int
    backs_off: bool = True
    """Without it a refused proposer tries again at once, as in the chapter."""
    proposer: Proposer = field(default_factory=Proposer)
    acceptor: Acceptor = field(default_factory=Acceptor)
    learner: Learner = field(default_factory=Learner)

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """One step."""
        match event:
            case Received(sender, message):
                if not self.committee.is_member(sender):
                    yield Ignore(message, Refusal.NOT_A_MEMBER)
                elif self.learner.outcome is not None and isinstance(message, Prepare | Accept):
                    yield Send(sender, self.learner.outcome)
                else:
                    yield from route(self, sender, message)
            case Propose(value):
                self.proposer.wish = value
                yield from stand(self)
            case Elapsed(timer) if timer == RETRY:
                yield from stand(self)
            case Opened(records):
                restore(self.acceptor, records)


def route(paxos: SinglePaxos, sender: ReplicaId, message: object) -> Iterator[AgreementEffect]:
    """To the handler of the message."""
    match message:
        case Prepare():
            return on_prepare(paxos, sender, message)
        case Promise():
            return on_promise(paxos, sender, message)
        case Accept():
            return on_accept(paxos, sender, message)
        case Accepted():
            return on_accepted(paxos, sender, message)
        case Nack():
            return on_nack(paxos, message)
        case Learned(values=(value,)):
            return decide(paxos, value, message)
        case _:
            return iter((Ignore(message, Refusal.UNKNOWN),))


def restore(acceptor: Acceptor, records: tuple[object, ...]) -> None:
    """What the disk holds; later records of a kind win, and whatever names a ballot is a promise."""
    for record in records:
        if isinstance(record, Promised | Entry):
            acceptor.promised = max(acceptor.promised, record.ballot)
        if isinstance(record, Entry):
            acceptor.accepted = record


def stand(paxos: SinglePaxos) -> Iterator[AgreementEffect]:
    """Phase 1a, in a ballot that nobody has used: the round is on disk before it is said."""
    proposer, acceptor = paxos.proposer, paxos.acceptor
    if proposer.wish is None or paxos.learner.outcome is not None:
        return
    proposer.ballot = compute_next_ballot(max(proposer.seen, acceptor.promised), paxos.me)
    proposer.seen, proposer.value = proposer.ballot, None
    proposer.promises, proposer.voices = {}, set()
    acceptor.promised = proposer.ballot
    yield Persist(Promised(proposer.ballot))
    yield Broadcast(Prepare(proposer.ballot, HEIGHT))
    yield wait(paxos)


def wait(paxos: SinglePaxos) -> SetTimer:
    """Until the next attempt: from T to 2T, where T doubles with each failure."""
    after_ms = paxos.patience_ms << min(paxos.proposer.failures, DOUBLINGS_MAX)
    return SetTimer(RETRY, after_ms, after_ms)


def on_prepare(
    paxos: SinglePaxos, sender: ReplicaId, prepare: Prepare
) -> Iterator[AgreementEffect]:
    """Phase 1b."""
    acceptor, ballot = paxos.acceptor, prepare.ballot
    if sender != ballot.proposer:
        yield Ignore(prepare, Refusal.NOT_THE_PROPOSER)
    elif ballot < acceptor.promised:
        yield Send(sender, Nack(ballot, acceptor.promised))
    else:
        if ballot > acceptor.promised:
            acceptor.promised = ballot
            yield Persist(Promised(ballot))
        yield Send(sender, Promise(ballot, 0, (acceptor.accepted,) if acceptor.accepted else ()))


def on_promise(
    paxos: SinglePaxos, sender: ReplicaId, promise: Promise
) -> Iterator[AgreementEffect]:
    """Phase 2a: with a majority, the value of the highest ballot, or else the own wish."""
    proposer = paxos.proposer
    if promise.ballot != proposer.ballot or proposer.value is not None:
        yield Ignore(promise, Refusal.STALE_BALLOT)
        return
    proposer.promises[sender] = promise
    if len(proposer.promises) < paxos.committee.majority:
        return
    found = choose_entries([e for p in proposer.promises.values() for e in p.entries])
    known = found.get(HEIGHT)
    proposer.value = known.value if known is not None else proposer.wish
    assert proposer.value is not None
    yield Broadcast(Accept(proposer.ballot, HEIGHT, proposer.value, 0, known is not None))


def on_accept(paxos: SinglePaxos, sender: ReplicaId, accept: Accept) -> Iterator[AgreementEffect]:
    """Phase 2b."""
    acceptor, ballot = paxos.acceptor, accept.ballot
    if sender != ballot.proposer:
        yield Ignore(accept, Refusal.NOT_THE_PROPOSER)
    elif ballot < acceptor.promised:
        yield Send(sender, Nack(ballot, acceptor.promised))
    else:
        entry = Entry(ballot, HEIGHT, accept.value)
        if acceptor.accepted is None or acceptor.accepted.ballot < ballot:
            acceptor.promised, acceptor.accepted = ballot, entry
            yield Persist(entry)
        yield Send(sender, Accepted(ballot, HEIGHT))


def on_accepted(
    paxos: SinglePaxos, sender: ReplicaId, accepted: Accepted
) -> Iterator[AgreementEffect]:
    """A majority in one ballot: the value is chosen, and everybody is told."""
    proposer = paxos.proposer
    if accepted.ballot != proposer.ballot or proposer.value is None:
        yield Ignore(accepted, Refusal.STALE_BALLOT)
        return
    proposer.voices.add(sender)
    if paxos.learner.outcome is None and len(proposer.voices) >= paxos.committee.majority:
        learned = Learned(HEIGHT, (proposer.value,), ChosenSeal(proposer.ballot))
        yield from decide(paxos, proposer.value, learned)
        yield Broadcast(learned)


def on_nack(paxos: SinglePaxos, nack: Nack) -> Iterator[AgreementEffect]:
    """Somebody has promised more: remember what to exceed, and let the rival finish first."""
    proposer = paxos.proposer
    if nack.ballot != proposer.ballot or paxos.learner.outcome is not None:
        yield Ignore(nack, Refusal.UNWANTED)
        return
    proposer.seen = max(proposer.seen, nack.promised)
    proposer.ballot, proposer.value = NO_BALLOT, None
    proposer.failures += 1
    if paxos.backs_off:
        yield wait(paxos)
    else:
        yield from stand(paxos)


def decide(paxos: SinglePaxos, value: bytes, learned: Learned) -> Iterator[AgreementEffect]:
    """The word is final, and said once."""
    if paxos.learner.outcome is not None:
        yield Ignore(learned, Refusal.DECIDED)
        return
    paxos.learner.outcome = learned
    yield CancelTimer(RETRY)
    yield Decided((value,))
