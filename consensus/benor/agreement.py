"""Ben-Or's agreement with local coins, for members that crash: the chapter's 6.1, mended.

Source: Ben-Or 1983, protocol A; the proof is that of Aguilera and Toueg 2012.

Model: asynchronous; messages between members that stay up arrive; members crash, and may come back
with their journals. Inputs are bits.
Bound: n > 2f. Validity V1: what is decided was some member's input.
Agreement is uniform. In a round every ballot that is not open carries the same value, since more than
n/2 reports stand behind it, and one member reports one value. Who sees f + 1 ballots for v decides;
any other member waits for n - f ballots, misses at most f of those, so sees one for v and adopts it.
So from the next round on everybody reports v, and everybody decides v there.
Termination with probability 1: whoever does not adopt tosses, and with positive chance all agree.
The expected number of rounds is 1 + 2^(n-1) at n = 2f + 1 under the worst scheduler, few under a
random one.

Where the chapter errs: it votes the plurality where no value has a majority, so both values can be
voted; it tosses although it saw a ballot; those who decided fall silent; and it does not wait.

Cost: 2n(n-1) messages a round; unanimous inputs are decided in round 1, and the deciders' two
messages of round 2 let everybody else decide.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from consensus.agreement import AgreementEffect, Decided, Event, Opened, Propose
from consensus.benor.messages import OPEN, Ballot, Coin, Report, Word
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Ignore, Persist, Toss
from consensus.events import Received, Tossed

ROUNDS_AHEAD = 64
"""Votes of so many rounds above the own one are kept."""


@dataclass(slots=True)
class Votes:
    """What members said in one round, the first word of each."""

    reports: dict[ReplicaId, int] = field(default_factory=dict)
    ballots: dict[ReplicaId, int] = field(default_factory=dict)


@dataclass(slots=True)
class BenOr:
    """One participant; `value` is None before it has an input."""

    me: ReplicaId
    committee: Committee
    value: int | None = None
    round: int = 0
    is_balloting: bool = False
    """Is it in the second phase of its round."""
    is_tossing: bool = False
    decided: int | None = None
    has_halted: bool = False
    votes: dict[int, Votes] = field(default_factory=dict)

    @property
    def awaited(self) -> int:
        """A phase ends with so many votes: waiting for more could be for ever."""
        return self.committee.size - self.committee.faults

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """One step."""
        match event:
            case Received(sender, Report() | Ballot() as vote):
                yield from on_vote(self, sender, vote)
            case Propose(value) if self.value is None and value in {b"\x00", b"\x01"}:
                self.value = value[0]
                yield from begin_round(self)
            case Tossed((round_,), face) if self.is_tossing and round_ == self.round:
                self.is_tossing = False
                self.value = face
                yield Persist(Coin(self.round, face))
                yield from begin_round(self)
            case Opened(records):
                yield from restore(self, records)
            case _:
                yield Ignore(event, "unknown-message")
        yield from advance(self)


def on_vote(benor: BenOr, sender: ReplicaId, vote: Report | Ballot) -> Iterator[AgreementEffect]:
    """Keep the first word of each member in each phase; those of left rounds bind nobody."""
    if not benor.committee.is_member(sender):
        yield Ignore(vote, "not-a-member")
    elif is_stale(benor, vote):
        yield Ignore(vote, "left-phase")
    elif vote.round > benor.round + ROUNDS_AHEAD:
        yield Ignore(vote, "beyond-window")
    else:
        kept = benor.votes.setdefault(vote.round, Votes())
        phase = kept.reports if isinstance(vote, Report) else kept.ballots
        if sender in phase:
            yield Ignore(vote, "duplicate")
        else:
            phase[sender] = vote.value


def is_stale(benor: BenOr, vote: Report | Ballot) -> bool:
    """Does this vote belong to a phase that is over here: it can change nothing, now or later."""
    if benor.has_halted or vote.round < benor.round:
        return True
    return isinstance(vote, Report) and vote.round == benor.round and benor.is_balloting


def begin_round(benor: BenOr) -> Iterator[AgreementEffect]:
    """Phase 1 of the next round; what was said in the one before is forgotten."""
    assert benor.value is not None
    benor.votes.pop(benor.round, None)
    benor.round += 1
    benor.is_balloting = False
    yield from say(Report(benor.round, benor.value))


def say(vote: Report | Ballot) -> Iterator[AgreementEffect]:
    """Written down before it is said, so that a restart says nothing else."""
    yield Persist(vote)
    yield Broadcast(vote)


def advance(benor: BenOr) -> Iterator[AgreementEffect]:
    """After every step: end as many phases as have enough votes."""
    while benor.round and not benor.is_tossing and not benor.has_halted:
        votes = benor.votes.get(benor.round, Votes())
        if benor.is_balloting:
            if len(votes.ballots) < benor.awaited:
                return
            yield from end_round(benor, list(votes.ballots.values()))
        else:
            if len(votes.reports) < benor.awaited:
                return
            benor.is_balloting = True
            yield from say(Ballot(benor.round, count_reports(benor, list(votes.reports.values()))))


def count_reports(benor: BenOr, reports: list[int]) -> int:
    """The value that more than half of all members reported, or `OPEN`."""
    for value in (0, 1):
        if reports.count(value) >= benor.committee.majority:
            return value
    return OPEN


def end_round(benor: BenOr, ballots: list[int]) -> Iterator[AgreementEffect]:
    """Decide, adopt, or toss."""
    found = [value for value in (0, 1) if value in ballots]
    assert len(found) < 2, "two values had a majority of reports"
    if not found:
        benor.is_tossing = True
        yield Toss((benor.round,), common=False)
        return
    benor.value = found[0]
    if ballots.count(found[0]) > benor.committee.faults:
        yield from decide(benor, found[0])
    else:
        yield from begin_round(benor)


def decide(benor: BenOr, value: int) -> Iterator[AgreementEffect]:
    """The word is final; both phases of the next round are said, which is all that others need."""
    benor.decided, benor.has_halted = value, True
    yield Persist(Word(benor.round, value))
    yield from say_last(benor, value)
    yield Decided((bytes([value]),))


def say_last(benor: BenOr, value: int) -> Iterator[AgreementEffect]:
    """What a member that has decided would say in the round after."""
    yield Broadcast(Report(benor.round + 1, value))
    yield Broadcast(Ballot(benor.round + 1, value))


def restore(benor: BenOr, records: tuple[object, ...]) -> Iterator[AgreementEffect]:
    """Stand where the last record left this member, and say that again; toss what was not tossed."""
    for record in records:
        match record:
            case Report():
                benor.round, benor.value, benor.is_balloting = record.round, record.value, False
            case Ballot():
                benor.is_balloting = True
            case Coin():
                benor.value = record.face
            case Word():
                benor.decided, benor.has_halted = record.value, True
    if not records:
        return
    last = records[-1]
    if isinstance(last, Word):
        yield from say_last(benor, last.value)
        yield Decided((bytes([last.value]),))
    elif isinstance(last, Coin):
        yield from begin_round(benor)
    else:
        for record in records:
            if isinstance(record, Report | Ballot) and record.round == benor.round:
                yield Broadcast(record)
