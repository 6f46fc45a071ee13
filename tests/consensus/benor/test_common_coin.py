"""A common coin instead of local ones: the trap, and the rule that binds.

The scheduler of the trap sees a coin's face as soon as the first member asks for it. n = 5, f = 2.
Three members report different values among themselves, so their ballots are open, and one of them
asks for the coin; it shows c. Of the two others, whose value is still open, both are then led to hold
1 - c, and one to a ballot for 1 - c. With it whoever has not ended the round can still go either way.
"""

import pytest

from consensus.benor.agreement import Rule
from consensus.benor.messages import Ballot, Report
from consensus.simulation.chance import Chance
from tests.consensus.benor.puppets import Puppets
from tests.consensus.benor.test_agreement import make_net

ROUNDS_MAX = 200


class Scheduler:
    """Plays the trap round by round; `fixed` hold a value, `open` may still be led to either."""

    def __init__(self, rule: Rule, chance: Chance) -> None:
        self.puppets = Puppets((0, 1, 0, 1, 1), rule)
        self.chance = chance
        self.round = 1
        self.fixed, self.third, self.laggards = (0, 1), 2, (3, 4)
        self.laggards_before: tuple[int, ...] = ()
        self.open_before: tuple[int, ...] = ()
        self.face_before = self.issuer = 0

    def lead(self, who: int, value: int) -> None:
        """End the round before for a member that has not, with this value if that is possible."""
        if who not in self.laggards_before:
            return
        before = self.round - 1
        opens = [o for o in self.open_before if o != who]
        takes_coin = value == self.face_before
        senders = opens if takes_coin else [self.issuer, *opens]
        self.puppets.hear(who, Ballot, before, senders)
        self.puppets.show(who, before, self.face_before)

    def play(self) -> bool:
        """One round; False when the trap does not close."""
        puppets, round_ = self.puppets, self.round
        first, second = self.fixed
        third, (issuer, other) = self.third, self.laggards
        self.lead(third, 0)
        fast = (first, second, third)
        if len({puppets.value(me) for me in fast}) != 2:
            return False
        for me in fast:
            puppets.hear(me, Report, round_, fast)
        puppets.hear(first, Ballot, round_, fast)
        face = self.chance.below(2)
        for me in (issuer, other):
            self.lead(me, 1 - face)
        allies = [me for me in fast if puppets.value(me) == 1 - face]
        puppets.hear(issuer, Report, round_, [allies[0], other])
        puppets.hear(other, Report, round_, fast)
        vote = puppets.said.get((issuer, round_, Ballot))
        if vote is None or vote.value != 1 - face:
            return False
        puppets.show(first, round_, face)
        puppets.hear(issuer, Ballot, round_, fast)
        puppets.show(issuer, round_, face)
        self.laggards_before = (second, third, other)
        self.open_before, self.face_before, self.issuer = (*fast, other), face, issuer
        self.fixed, self.third, self.laggards = (first, issuer), second, (third, other)
        self.round += 1
        return True

    def stall(self) -> int:
        """How many rounds pass without a decision, at most `ROUNDS_MAX`."""
        while self.round <= ROUNDS_MAX and not self.puppets.decided and self.play():
            pass
        return self.round - 1


def test_the_plain_rule_is_stalled_whenever_the_first_coin_lets_it_start() -> None:
    stalled = [Scheduler(Rule.COMMON, Chance(seed)).stall() for seed in range(20)]
    assert set(stalled) == {0, ROUNDS_MAX}
    assert stalled.count(ROUNDS_MAX) >= 5


def test_the_binding_rule_leaves_the_scheduler_nobody_to_lead() -> None:
    """The same schedule breaks at the second round: who was to be led away took the coin."""
    stalled = [Scheduler(Rule.BINDING, Chance(seed)).stall() for seed in range(20)]
    assert max(stalled) <= 1


def finish(scheduler: Scheduler) -> int:
    """Let all mail through in turn after the scheduler has failed; the round of the first decision."""
    puppets, faces = scheduler.puppets, scheduler.chance.fork("after")
    members = range(5)
    for round_ in range(max(scheduler.round - 1, 1), ROUNDS_MAX):
        face = scheduler.face_before if round_ < scheduler.round else faces.below(2)
        for kind in (Report, Ballot):
            for me in members:
                puppets.hear(me, kind, round_, members)
        for me in members:
            puppets.show(me, round_, face)
        if puppets.decided:
            return round_
    return ROUNDS_MAX


def test_the_binding_rule_decides_within_four_expected_rounds_of_the_attack() -> None:
    rounds = []
    for seed in range(200):
        scheduler = Scheduler(Rule.BINDING, Chance(seed))
        scheduler.stall()
        rounds.append(finish(scheduler))
        assert len(set(scheduler.puppets.decided.values())) == 1
    assert sum(rounds) / len(rounds) <= 4
    assert max(rounds) < 20


@pytest.mark.parametrize("rule", [Rule.COMMON, Rule.BINDING])
@pytest.mark.parametrize("size", [1, 3, 4, 5])
def test_any_schedule_with_f_crashes_agrees_on_an_input(rule: Rule, size: int) -> None:
    for seed in range(40):
        chance = Chance(seed, "inputs")
        inputs = "".join(str(chance.below(2)) for _ in range(size))
        doomed = {m: chance.below(6) + 1 for m in chance.sample(range(size), (size - 1) // 2)}
        net = make_net(inputs, seed, rule=rule, writes_left=doomed).start().run()
        [value] = net.agree()
        assert str(value[0]) in inputs
        assert set(net.members) <= set(net.decided)


@pytest.mark.parametrize("write", range(1, 8))
def test_a_crash_at_any_write_and_a_restart(write: int) -> None:
    for seed in range(12):
        net = make_net("001", seed, rule=Rule.BINDING, repeats=True, writes_left={1: write})
        net.start().run()
        if 1 not in net.members:
            net.start(1).run()
        net.agree()
        assert len(net.decided) == 3
