"""Ben-Or's agreement with local coins, for members that crash: the chapter's 6.1, mended.

Source: Ben-Or 1983, protocol A (B: see `LYING`); the proof is that of Aguilera and Toueg 2012.

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

Rules for who saw no f + 1 ballots for a value (`Rule`). `LOCAL` is the above. `COMMON` is the
same with one coin for all, and a trap: a scheduler that sees the coin as soon as somebody asks keeps
members who can still be led to the other value, for ever. `BINDING` is mended: a value is adopted only
where all ballots carry it, anybody else takes the coin, and the value is decided where the coin shows
it too. Agreement: at a decision of v everybody holds v, from ballots or from the coin. Binding: the
first who asks for the coin either saw a ballot for v, and then no other value can be adopted, or saw
n - f open ballots, which meet every other n - f, so nobody adopts. So the coin hits what is bound
with a chance of one half whatever the scheduler does: at most 4 expected rounds. Who decides says so,
and whoever hears it says it too before deciding (own derivation, after Abraham, Ben-David and
Yandamuri 2022).

`LYING` is protocol B of the same paper, for members that lie. Bound: n > 5f. Validity V2. Reports and
ballots weigh by a quorum of more than (n + f) / 2 equal ones; f + 1 ballots for a value, of which one
is a correct member's, are adopted. Two quorums of reports share a correct member, so correct ballots
carry one value. Who sees a quorum of ballots for v decides; any other member misses f of them and f
may be lies, so sees more than (n - 3f) / 2, at least f + 1, and adopts v. If all correct members hold
v, each sees n - 2f reports of it, a quorum since n > 5f, and so with ballots: V2.

Where the chapter errs: it votes the plurality where no value has a majority, so both values can be
voted; it tosses although it saw a ballot; those who decided fall silent; and it does not wait.

Written before it is said: each vote, each coin, the decision. A restart says all of it again, for
links may have lost it while the sender was down. The host repeats what the last incarnation said
until the agreement is over everywhere.

Cost: 2n(n-1) messages a round; unanimous inputs are decided in round 1, and the deciders' two
messages of round 2 let everybody else decide.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from consensus.agreement import AgreementEffect, Decided, Event, Opened, Propose
from consensus.benor.messages import OPEN, Ballot, Coin, Report, Settled, Word
from consensus.benor.refusals import Refusal
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Ignore, Persist, Toss
from consensus.events import Received, Tossed

ROUNDS_AHEAD = 64
"""Votes of so many rounds above the own one are kept."""


class Rule(Enum):
    """What ends a round that did not decide."""

    LOCAL = "local"
    """Adopt what any ballot carries, or toss the own coin."""
    COMMON = "common"
    """The same with a common coin: safe, and not live; for the demonstration alone."""
    BINDING = "binding"
    """Adopt what all ballots carry, or take the common coin."""
    LYING = "lying"
    """Protocol B: as `LOCAL`, with quorums that stand lies."""


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
    rule: Rule = Rule.LOCAL
    value: int | None = None
    round: int = 0
    is_balloting: bool = False
    """Is it in the second phase of its round."""
    is_tossing: bool = False
    bound: int | None = None
    """While a binding coin is in the air: the value that all ballots carried."""
    decided: int | None = None
    votes: dict[int, Votes] = field(default_factory=dict)

    @property
    def awaited(self) -> int:
        """A phase ends with so many votes."""
        return self.committee.awaited

    @property
    def reporting(self) -> int:
        """So many equal reports make a ballot."""
        return self.committee.quorum if self.rule is Rule.LYING else self.committee.majority

    @property
    def deciding(self) -> int:
        """So many equal ballots decide."""
        return self.committee.quorum if self.rule is Rule.LYING else self.committee.weak_quorum

    @property
    def adopting(self) -> int:
        """So many equal ballots are adopted."""
        return self.committee.weak_quorum if self.rule is Rule.LYING else 1

    @property
    def has_halted(self) -> bool:
        """Has it said all that it will ever say."""
        return self.decided is not None

    @property
    def current(self) -> Votes:
        """What was heard of the own round."""
        return self.votes.get(self.round, Votes())

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """One step."""
        match event:
            case Received(sender, message) if not self.committee.is_member(sender):
                yield Ignore(message, Refusal.NOT_A_MEMBER)
            case Received(sender, Report() | Ballot() as vote):
                yield from on_vote(self, sender, vote)
            case Received(_, Settled() as message):
                yield from on_settled(self, message)
            case Received(_, message):
                yield Ignore(message, Refusal.UNKNOWN)
            case Propose(value) if self.value is None and value in {b"\x00", b"\x01"}:
                self.value = value[0]
                yield from begin_round(self)
            case Propose():
                yield Ignore(event, Refusal.UNWANTED)
            case Tossed((round_,), face) if self.is_tossing and round_ == self.round:
                yield from on_coin(self, face)
            case Opened(records):
                yield from restore(self, records)
            case _:
                yield Ignore(event, Refusal.UNKNOWN)
        yield from advance(self)


def on_vote(benor: BenOr, sender: ReplicaId, vote: Report | Ballot) -> Iterator[AgreementEffect]:
    """Keep the first word of each member in each phase; those of left phases bind nobody."""
    if is_stale(benor, vote):
        yield Ignore(vote, Refusal.LEFT_PHASE)
    elif vote.round > benor.round + ROUNDS_AHEAD:
        yield Ignore(vote, Refusal.BEYOND_WINDOW)
    else:
        kept = benor.votes.setdefault(vote.round, Votes())
        phase = kept.reports if isinstance(vote, Report) else kept.ballots
        if sender in phase:
            yield Ignore(vote, Refusal.DUPLICATE)
        else:
            phase[sender] = vote.value


def on_settled(benor: BenOr, message: Settled) -> Iterator[AgreementEffect]:
    """Somebody has decided: so does everybody who hears it, and says so first."""
    if benor.has_halted:
        yield Ignore(message, Refusal.LEFT_PHASE)
    elif benor.rule is not Rule.BINDING:
        yield Ignore(message, Refusal.UNWANTED)
    else:
        yield from decide(benor, message.value)


def is_stale(benor: BenOr, message: object) -> bool:
    """Does this message belong to a phase that is over here: it can change nothing, now or later."""
    if benor.has_halted:
        return True
    match message:
        case Report():
            return message.round < benor.round + benor.is_balloting
        case Ballot():
            return message.round < benor.round + benor.is_tossing
        case _:
            return False


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
        votes = benor.current
        if benor.is_balloting:
            if len(votes.ballots) < benor.awaited:
                return
            yield from end_round(benor, list(votes.ballots.values()))
        else:
            if len(votes.reports) < benor.awaited:
                return
            benor.is_balloting = True
            found = count_reports(benor, list(votes.reports.values()))
            votes.reports.clear()
            yield from say(Ballot(benor.round, found))


def count_reports(benor: BenOr, reports: list[int]) -> int:
    """The value that enough members reported, more than half of all, or `OPEN`."""
    for value in (0, 1):
        if reports.count(value) >= benor.reporting:
            return value
    return OPEN


def end_round(benor: BenOr, ballots: list[int]) -> Iterator[AgreementEffect]:
    """Decide, adopt, or toss."""
    found = [value for value in (0, 1) if ballots.count(value) >= benor.adopting]
    assert len(found) < 2 or benor.rule is Rule.LYING, "two values had a majority of reports"
    if benor.rule is Rule.BINDING:
        benor.bound = found[0] if found and OPEN not in ballots else None
        yield from toss(benor)
    elif not found:
        yield from toss(benor)
    elif ballots.count(found[0]) >= benor.deciding:
        yield from decide(benor, found[0])
    else:
        benor.value = found[0]
        yield from begin_round(benor)


def toss(benor: BenOr) -> Iterator[AgreementEffect]:
    """Leave it to a coin."""
    benor.is_tossing = True
    benor.current.ballots.clear()
    yield Toss((benor.round,), common=benor.rule in {Rule.COMMON, Rule.BINDING})


def on_coin(benor: BenOr, face: int) -> Iterator[AgreementEffect]:
    """The coin shows what this member holds next, unless all ballots bound it; or that it is final."""
    bound, benor.bound, benor.is_tossing = benor.bound, None, False
    if bound is not None and bound == face:
        yield from decide(benor, bound)
        return
    if bound is None:
        yield Persist(Coin(benor.round, face))
    benor.value = face if bound is None else bound
    yield from begin_round(benor)


def decide(benor: BenOr, value: int) -> Iterator[AgreementEffect]:
    """The word is final; what the others need to come to it too is said."""
    word = Word(max(benor.round, 1), value)
    yield Persist(word)
    yield from conclude(benor, word)


def conclude(benor: BenOr, word: Word) -> Iterator[AgreementEffect]:
    """Both votes of the next round, which are all that others need, or the word itself."""
    benor.decided, benor.is_tossing, benor.bound = word.value, False, None
    benor.votes.clear()
    if benor.rule is Rule.BINDING:
        yield Broadcast(Settled(word.value))
    else:
        yield Broadcast(Report(word.round + 1, word.value))
        yield Broadcast(Ballot(word.round + 1, word.value))
    yield Decided((bytes([word.value]),))


def restore(benor: BenOr, records: tuple[object, ...]) -> Iterator[AgreementEffect]:
    """Stand where the last record left this member, and say all of it again.

    What was heard is forgotten, so a phase whose end was not written down is ended anew, perhaps by
    other votes: nothing followed from the first ones.
    """
    for record in records:
        match record:
            case Report():
                benor.round, benor.value, benor.is_balloting = record.round, record.value, False
                yield Broadcast(record)
            case Ballot():
                benor.is_balloting = True
                yield Broadcast(record)
            case Coin():
                benor.value = record.face
    match records[-1:]:
        case (Word() as word,):
            yield from conclude(benor, word)
        case (Coin(),):
            yield from begin_round(benor)
