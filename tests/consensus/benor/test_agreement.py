"""Ben-Or's agreement with local coins: what Ben-Or 1983 and Aguilera and Toueg 2012 promise."""

from collections import Counter
from typing import Any

import pytest

from consensus.agreement import Opened, Propose, step
from consensus.benor.agreement import ROUNDS_AHEAD, BenOr, Rule, is_stale
from consensus.benor.messages import OPEN, Ballot, Coin, Report, Settled, Word
from consensus.benor.refusals import Refusal
from consensus.committee import Committee
from consensus.effects import Broadcast, Ignore, Persist, Toss
from consensus.events import Elapsed, Received, Tossed
from consensus.exploration.asynchronous import Configuration, Liberties, World
from consensus.exploration.explorer import explore
from consensus.exploration.table import Table
from consensus.simulation.chance import Chance
from tests.consensus.benor.net import Net

ZERO, ONE = b"\x00", b"\x01"


def make_net(inputs: str, seed: int = 0, faults: int | None = None, **options: Any) -> Net:
    rule = options.pop("rule", Rule.LOCAL)
    size = len(inputs)
    committee = Committee.of(size, (size - 1) // 2 if faults is None else faults)
    wishes = {me: bytes([int(bit)]) for me, bit in enumerate(inputs)}
    return Net(lambda me: BenOr(me, committee, rule), wishes, Chance(seed), **options)


def open_one(value: int = 0, size: int = 3) -> BenOr:
    benor = BenOr(0, Committee.of(size, (size - 1) // 2))
    report = Report(1, value)
    assert step(benor, Propose(bytes([value]))) == [Persist(report), Broadcast(report)]
    step(benor, Received(0, report))
    return benor


def test_more_than_half_of_all_reports_make_a_ballot_else_it_is_open() -> None:
    same, mixed = open_one(0), open_one(0)
    vote = Ballot(1, 0)
    assert step(same, Received(1, Report(1, 0))) == [Persist(vote), Broadcast(vote)]
    vote = Ballot(1, OPEN)
    assert step(mixed, Received(1, Report(1, 1))) == [Persist(vote), Broadcast(vote)]


def at_ballots(mine: int) -> BenOr:
    benor = open_one(0, size=5)
    for sender, value in ((1, 0), (2, 0 if mine == 0 else 1)):
        step(benor, Received(sender, Report(1, value)))
    step(benor, Received(0, Ballot(1, mine)))
    return benor


def test_f_plus_one_ballots_decide_and_the_decider_says_the_next_round_for_the_others() -> None:
    benor = at_ballots(0)
    step(benor, Received(1, Ballot(1, 0)))
    assert [type(e).__name__ for e in step(benor, Received(2, Ballot(1, 0)))] == [
        "Persist",
        "Broadcast",
        "Broadcast",
        "Decided",
    ]
    assert benor.decided == 0
    again = Report(2, 1)
    assert step(benor, Received(1, again)) == [Ignore(again, Refusal.LEFT_PHASE)]


def test_one_ballot_is_adopted() -> None:
    benor = at_ballots(OPEN)
    step(benor, Received(1, Ballot(1, OPEN)))
    report = Report(2, 1)
    assert step(benor, Received(2, Ballot(1, 1))) == [Persist(report), Broadcast(report)]


def test_open_ballots_leave_it_to_the_coin_which_is_written_before_it_is_used() -> None:
    benor = at_ballots(OPEN)
    step(benor, Received(1, Ballot(1, OPEN)))
    assert step(benor, Received(2, Ballot(1, OPEN))) == [Toss((1,), common=False)]
    assert step(benor, Tossed((2,), 1)) == [Ignore(Tossed((2,), 1), Refusal.UNKNOWN)]
    written, report = Coin(1, 1), Report(2, 1)
    assert step(benor, Tossed((1,), 1)) == [Persist(written), Persist(report), Broadcast(report)]


def test_what_cannot_count_is_refused() -> None:
    benor = open_one(0)
    for sender, message, refusal in (
        (7, Report(1, 0), Refusal.NOT_A_MEMBER),
        (1, Report(2 + ROUNDS_AHEAD, 0), Refusal.BEYOND_WINDOW),
        (0, Report(1, 1), Refusal.DUPLICATE),
        (1, Settled(1), Refusal.UNWANTED),
        (1, Coin(1, 1), Refusal.UNKNOWN),
    ):
        assert step(benor, Received(sender, message)) == [Ignore(message, refusal)]
    for event, refusal in ((Propose(ONE), Refusal.UNWANTED), (Elapsed(("t",)), Refusal.UNKNOWN)):
        assert step(benor, event) == [Ignore(event, refusal)]
    fresh = BenOr(0, Committee.of(3, 1))
    assert step(fresh, Propose(b"\x02")) == [Ignore(Propose(b"\x02"), Refusal.UNWANTED)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("bit", "01")
def test_unanimous_inputs_decide_in_round_one(size: int, bit: str) -> None:
    net = make_net(bit * size).start().run()
    assert net.agree() == (bytes([int(bit)]),)
    assert len(net.decided) == size
    words = [record for disk in net.disks.values() for record in disk if isinstance(record, Word)]
    assert words == [Word(1, int(bit))] * size
    once = size * (size - 1)
    assert net.sent == Counter({"Report": 2 * once, "Ballot": 2 * once})
    assert sum(1 for _, _, message in net.said if message.round == 1) == 2 * once


def test_the_chapters_counterexample_holds_here() -> None:
    """Inputs 0, 0, 1: members 0 and 1 hear each other, 2 hears a tie and must leave it open."""
    net = make_net("001").start()
    for sender, to in ((0, 1), (1, 0), (0, 2)):
        assert net.pass_on(sender, to, round=1)
    votes = {me: record for me, disk in net.disks.items() for record in disk}
    assert votes == {0: Ballot(1, 0), 1: Ballot(1, 0), 2: Ballot(1, OPEN)}
    assert net.pass_on(1, 0, round=1, value=0)
    assert net.decided == {0: (ZERO,)}
    assert net.pass_on(0, 2, round=1, value=0)  # one ballot, so 2 adopts where the chapter tosses
    assert net.disks[2][-1] == Report(2, 0)
    assert net.run().agree() == (ZERO,)
    assert net.tosses == 0


@pytest.mark.parametrize("size", [3, 4, 5])
def test_any_schedule_with_f_crashes_agrees_on_an_input(size: int) -> None:
    rounds = []
    for seed in range(60):
        chance = Chance(seed, "inputs")
        inputs = "".join(str(chance.below(2)) for _ in range(size))
        faults = (size - 1) // 2
        doomed = {me: chance.below(6) + 1 for me in chance.sample(range(size), faults)}
        net = make_net(inputs, seed, writes_left=doomed).start().run()
        [value] = net.agree()
        assert str(value[0]) in inputs
        assert set(net.members) <= set(net.decided)
        rounds += [r.round for d in net.disks.values() for r in d if isinstance(r, Word)]
    assert max(rounds) > 1


@pytest.mark.parametrize("write", range(1, 9))
@pytest.mark.parametrize("inputs", ["001", "010", "101", "111"])
def test_a_crash_at_any_write_and_a_restart_change_nothing_that_was_said(
    write: int, inputs: str
) -> None:
    for seed in range(8):
        net = make_net(inputs, seed, repeats=True, writes_left={0: write}).start().run()
        if 0 not in net.members:
            before = list(net.disks[0])
            net.start(0).run()
            assert net.disks[0][: len(before)] == before
        assert len(net.decided) == 3
        [value] = net.agree()
        assert str(value[0]) in inputs
        for me, disk in net.disks.items():
            votes = [(type(r).__name__, r.round) for r in disk if not isinstance(r, Word)]
            assert len(votes) == len(set(votes)), (me, disk)


def test_a_restart_says_all_of_it_again_and_no_more() -> None:
    committee = Committee.of(3, 1)
    records = (Report(1, 0), Ballot(1, OPEN), Coin(1, 1), Report(2, 1))
    votes = [Broadcast(r) for r in records if not isinstance(r, Coin)]
    assert step(BenOr(0, committee), Opened(records)) == votes
    tossed = step(BenOr(0, committee), Opened(records[:3]))
    assert tossed == [*votes[:2], Persist(Report(2, 1)), Broadcast(Report(2, 1))]
    done = step(BenOr(0, committee), Opened((Report(1, 0), Ballot(1, 0), Word(1, 0))))
    assert [type(e).__name__ for e in done] == ["Broadcast"] * 4 + ["Decided"]


def test_with_half_of_the_members_faulty_nobody_ever_decides() -> None:
    """n = 2f: two ballots of four are fewer than f + 1."""
    net = make_net("0000", faults=2).start()
    net.run(3_000)
    assert net.decided == {}
    assert len(net.mail) > 0


def judge(world: World, inputs: str) -> Any:
    def judge_words(configuration: Configuration) -> str | None:
        values = {word for words in world.words(configuration) for _, word in words}
        if len(values) > 1:
            return "two values"
        return None if all(str(v[0][0]) in inputs for v in values) else "nobody's input"

    return judge_words


@pytest.mark.parametrize(
    ("inputs", "crashes", "count"), [("000", 1, 2_796), ("000", 0, 699), ("001", 0, 25_040)]
)
def test_all_schedules_of_the_first_round(inputs: str, crashes: int, count: int) -> None:
    """Closed: every order of the mail; a coin ends what is looked at.

    A crash adds nothing to safety, since mail that is never delivered is in every schedule.
    """
    committee = Committee.of(3, 1)
    table = Table(committee, faces=lambda _me, _tag: ())
    world = World(table, Liberties(crashes=crashes), is_stale)
    openings = [[Opened(), Propose(bytes([int(bit)]))] for bit in inputs]
    start = world.begin([BenOr(me, committee) for me in range(3)], openings)
    seen = explore(world, [start], judge(world, inputs))
    assert seen.is_closed
    assert seen.violation is None
    assert len(seen.configurations) == count
