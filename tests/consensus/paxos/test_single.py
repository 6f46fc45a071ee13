"""Single-decree Paxos: the chapter's algorithm 6.2, mended."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from consensus.agreement import Decided, Opened, Propose, step
from consensus.committee import Committee
from consensus.effects import Broadcast, Persist, Send, SetTimer
from consensus.engine import clone, fingerprint
from consensus.events import Elapsed, Received
from consensus.paxos import single
from consensus.paxos.ballot import Ballot
from consensus.paxos.messages import Accept, Accepted, Learned, Nack, Prepare, Promise
from consensus.paxos.refusals import Refusal
from consensus.paxos.single import RETRY, SinglePaxos
from consensus.simulation.chance import Chance
from tests.consensus.mutants.planting import Ground
from tests.consensus.paxos.bench import entry
from tests.consensus.paxos.mutants.voting import take_greatest_value

DELAY_MS = 5


@dataclass
class Net:
    """Participants on virtual time; a message takes `DELAY_MS`, or waits until it is let go."""

    size: int
    backs_off: bool = True
    chance: Chance = field(default_factory=lambda: Chance(0))
    now_ms: int = 0
    queue: list[tuple[int, int, int, Any]] = field(default_factory=list)
    number: int = 0
    disks: dict[int, list[Any]] = field(default_factory=dict)
    members: dict[int, SinglePaxos] = field(default_factory=dict)
    timers: dict[int, int] = field(default_factory=dict)
    decided: dict[int, bytes] = field(default_factory=dict)
    decided_ms: dict[int, int] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    writes_left: int | None = None
    """A participant that is written for the last time crashes just after, before it says a word."""
    deaf: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        for me in range(self.size):
            self.disks[me] = []
            self.start(me)

    def start(self, me: int) -> None:
        committee = Committee.of(self.size, (self.size - 1) // 2)
        self.members[me] = SinglePaxos(me, committee, 20, self.backs_off)
        self.perform(me, step(self.members[me], Opened(tuple(self.disks[me]))))

    def crash(self, me: int) -> None:
        self.members.pop(me, None)
        self.timers.pop(me, None)

    def feed(self, me: int, event: Any) -> None:
        if me in self.members:
            self.perform(me, step(self.members[me], event))

    def perform(self, me: int, effects: list[Any]) -> None:
        for effect in effects:
            if isinstance(effect, Persist):
                self.disks[me].append(effect.record)
                if self.writes_left is not None:
                    self.writes_left -= 1
                    if self.writes_left == 0:
                        self.crash(me)
                        return
            elif isinstance(effect, Send):
                self.post(me, effect.to, effect.message)
            elif isinstance(effect, Broadcast):
                for to in range(self.size):
                    self.post(me, to, effect.message)
            elif isinstance(effect, SetTimer):
                self.number += 1
                self.timers[me] = self.number
                after_ms = effect.after_ms + self.chance.between(0, effect.spread_ms)
                self.queue.append((self.now_ms + after_ms, self.number, me, RETRY))
            elif isinstance(effect, Decided):
                assert self.decided.setdefault(me, effect.values[0]) == effect.values[0]
                self.decided_ms[me] = self.now_ms

    def post(self, me: int, to: int, message: Any) -> None:
        if to == me:
            self.feed(me, Received(me, message))
            return
        self.sent[type(message).__name__] += 1
        self.number += 1
        self.queue.append((self.now_ms + DELAY_MS, self.number, to, (me, message)))

    def run(self, until_ms: int = 10_000) -> None:
        while self.queue and min(self.queue)[0] <= until_ms:
            item = min(self.queue, key=lambda i: i[:2])
            self.queue.remove(item)
            self.now_ms, number, to, what = item
            if what == RETRY:
                if self.timers.get(to) == number:
                    self.feed(to, Elapsed(RETRY))
            elif to not in self.deaf:
                self.feed(to, Received(*what))

    def agree(self) -> bytes:
        [value] = set(self.decided.values())
        return value


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 10])
def test_one_proposer_needs_five_times_n_minus_one_messages_and_four_delays(size: int) -> None:
    net = Net(size)
    net.feed(0, Propose(b"a"))
    net.run()
    kinds = ("Prepare", "Promise", "Accept", "Accepted", "Learned")
    assert net.sent == dict.fromkeys(kinds, size - 1)
    assert net.decided_ms[0] == 4 * DELAY_MS
    assert set(net.decided_ms.values()) == {4 * DELAY_MS, 5 * DELAY_MS}
    assert net.agree() == b"a"


def test_one_alone_decides_at_once() -> None:
    net = Net(1)
    net.feed(0, Propose(b"a"))
    assert net.decided == {0: b"a"}


def follow_chapter() -> Net:
    """9 is accepted by one, 1 is chosen by the others, and the next hears of both."""
    net = Net(3)
    nine, one = Ballot(0, 0), Ballot(1, 1)
    for ballot, value, members in ((nine, b"9", (0,)), (one, b"1", (1, 2))):
        for me in (1, 2) if value == b"9" else members:
            step(net.members[me], Received(ballot.proposer, Prepare(ballot, 1)))
        for me in members:
            step(net.members[me], Received(ballot.proposer, Accept(ballot, 1, value, 0, False)))
    net.decided[9] = b"1"
    net.feed(0, Propose(b"5"))
    net.queue = [item for item in net.queue if item[2] != 1]
    net.deaf.add(1)
    net.run(300)
    return net


def test_the_schedule_of_the_chapter_is_safe_here() -> None:
    net = follow_chapter()
    assert net.decided[0] == net.agree() == b"1"


def test_the_greatest_value_would_be_a_second_one() -> None:
    ground = Ground()
    take_greatest_value(ground)
    try:
        net = follow_chapter()
    finally:
        ground.clear()
    assert net.decided[0] == b"9"


@pytest.mark.parametrize("size", [3, 5, 7])
def test_f_crashes_with_the_proposer_among_them_stop_nobody(size: int) -> None:
    for crashed_ms in range(0, 6 * DELAY_MS, DELAY_MS):
        net = Net(size)
        net.feed(0, Propose(b"a"))
        net.run(crashed_ms)
        for me in range((size - 1) // 2):
            net.crash(me)
        net.feed(size - 1, Propose(b"b"))
        net.run()
        survivors = set(range((size - 1) // 2, size))
        assert survivors <= set(net.decided)
        assert net.agree() in {b"a", b"b"}


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("number", range(1, 14))
def test_a_restart_at_every_write_keeps_the_word(size: int, number: int) -> None:
    """Whoever writes the n-th record crashes before it speaks, and comes back."""
    net = Net(size)
    net.writes_left = number
    net.feed(0, Propose(b"a"))
    net.feed(1, Propose(b"b"))
    net.run(200)
    for me in range(size):
        if me not in net.members:
            net.start(me)
            net.feed(me, Propose(b"c"))
    net.run()
    assert set(net.decided) == set(range(size))
    assert net.agree() in {b"a", b"b", b"c"}


def test_a_round_is_not_used_again_after_a_restart() -> None:
    net = Net(3)
    net.feed(0, Propose(b"a"))
    first = net.members[0].proposer.ballot
    net.crash(0)
    net.start(0)
    net.feed(0, Propose(b"b"))
    assert net.members[0].proposer.ballot > first


def duel(net: Net, rounds: int) -> list[bytes]:
    """Each one's prepare comes just before the other's proposals; the states after each round."""
    states = []
    net.feed(0, Propose(b"a"))
    deliver(net, Prepare)
    deliver(net, Promise)
    net.feed(1, Propose(b"b"))
    for _ in range(rounds):
        deliver(net, Prepare)
        deliver(net, Accept)
        deliver(net, Promise)
        deliver(net, Nack)
        states.append(fingerprint(lower_rounds(net)))
    return states


def deliver(net: Net, kind: type) -> None:
    """Everything of one kind that is under way now arrives; all else waits."""
    due = [item for item in net.queue if item[3] != RETRY and isinstance(item[3][1], kind)]
    net.queue = [item for item in net.queue if item not in due]
    for _, _, to, what in due:
        net.feed(to, Received(*what))


def lower_rounds(net: Net) -> list[Any]:
    """All that is remembered, with rounds counted from the lowest promise: what repeats is a lasso."""
    members = [clone(member) for _, member in sorted(net.members.items())]
    base = min(member.acceptor.promised.round for member in members)

    def lower(ballot: Ballot) -> Ballot:
        return Ballot(max(ballot.round - base, -9), ballot.proposer)

    return [
        (
            lower(m.acceptor.promised),
            m.acceptor.accepted and lower(m.acceptor.accepted.ballot),
            lower(m.proposer.ballot),
            sorted(m.proposer.promises),
            m.learner.outcome,
        )
        for m in members
    ]


def find_period(states: list[bytes]) -> int | None:
    """After how many rounds everything is as it was, if the last half goes round in circles."""
    half = len(states) // 2
    periods = range(1, half // 2)
    return next((p for p in periods if states[-half:] == states[-half - p : -p]), None)


def test_rivals_without_patience_chase_each_other_for_ever() -> None:
    """The state comes back, only with higher rounds: a lasso, and nobody ever decides."""
    net = Net(3, backs_off=False)
    states = duel(net, 40)
    assert not net.decided
    assert find_period(states) is not None
    assert net.members[2].acceptor.promised.round >= 20


@pytest.mark.parametrize("seed", range(20))
def test_rivals_that_back_off_decide(seed: int) -> None:
    net = Net(3, chance=Chance(seed))
    duel(net, 3)
    net.run()
    assert set(net.decided) == {0, 1, 2}
    assert net.agree() in {b"a", b"b"}


def test_an_acceptor_says_no_with_what_it_has_promised() -> None:
    net = Net(3)
    high, low = Ballot(4, 1), Ballot(2, 0)
    step(net.members[2], Received(1, Prepare(high, 1)))
    assert step(net.members[2], Received(0, Prepare(low, 1))) == [Send(0, Nack(low, high))]
    assert step(net.members[2], Received(0, Accept(low, 1, b"a", 0, False))) == [
        Send(0, Nack(low, high))
    ]


def test_it_writes_before_it_answers_and_once() -> None:
    member = Net(3).members[2]
    ballot = Ballot(0, 0)
    effects = step(member, Received(0, Accept(ballot, 1, b"a", 0, False)))
    assert effects == [Persist(entry(ballot, 1, b"a")), Send(0, Accepted(ballot, 1))]
    assert step(member, Received(0, Accept(ballot, 1, b"a", 0, False))) == effects[1:]


def test_what_is_decided_is_told_to_whoever_asks() -> None:
    net = Net(3)
    net.feed(0, Propose(b"a"))
    net.run()
    [send] = step(net.members[1], Received(2, Prepare(Ballot(9, 2), 1)))
    assert isinstance(send, Send)
    assert isinstance(send.message, Learned)
    assert not [e for e in step(net.members[1], Received(0, send.message)) if type(e) is Decided]


@pytest.mark.parametrize(
    ("sender", "message", "refusal"),
    [
        (9, Prepare(Ballot(0, 0), 1), Refusal.NOT_A_MEMBER),
        (1, Prepare(Ballot(0, 0), 1), Refusal.NOT_THE_PROPOSER),
        (1, Accept(Ballot(0, 0), 1, b"a", 0, False), Refusal.NOT_THE_PROPOSER),
        (1, Promise(Ballot(0, 2), 0, ()), Refusal.STALE_BALLOT),
        (1, Accepted(Ballot(0, 2), 1), Refusal.STALE_BALLOT),
        (1, Nack(Ballot(0, 2), Ballot(3, 1)), Refusal.UNWANTED),
        (1, object(), Refusal.UNKNOWN),
    ],
)
def test_everything_else_is_refused(sender: int, message: object, refusal: Refusal) -> None:
    member = Net(3).members[2]
    [effect] = step(member, Received(sender, message))
    assert effect.refusal == refusal  # type: ignore[union-attr]


def test_its_pieces_are_records_of_their_own() -> None:
    member = Net(3).members[0]
    assert {type(getattr(member, name)) for name in ("proposer", "acceptor", "learner")} == {
        single.Proposer,
        single.Acceptor,
        single.Learner,
    }
