"""How long it takes: against the worst scheduler, and against one that does not care."""

import pytest

from consensus.benor.agreement import Rule
from consensus.benor.messages import Ballot, Report, Word
from consensus.simulation.chance import Chance
from tests.consensus.benor.puppets import Puppets
from tests.consensus.benor.test_agreement import make_net


def count_rounds(size: int, seed: int) -> int:
    """Until the first decision, at n = 2f + 1 from mixed inputs.

    The worst scheduler shows every member reports of both values as long as there are both, so that
    all ballots are open and all toss; it fails when all coins agree.
    """
    chance = Chance(seed, "coins")
    puppets = Puppets([1, *[0] * (size - 1)], Rule.LOCAL)
    faults, round_ = (size - 1) // 2, 0
    while not puppets.decided:
        round_ += 1
        values = [puppets.value(me) for me in range(size)]
        for me in range(size):
            others = [o for o in range(size) if o != me]
            others.sort(key=lambda other: values[other] == values[me])
            puppets.hear(me, Report, round_, others[:faults])
        for me in range(size):
            puppets.hear(me, Ballot, round_, [o for o in range(size) if o != me][:faults])
        for me in range(size):
            puppets.show(me, round_, chance.below(2))
    return round_


@pytest.mark.parametrize(("size", "trials"), [(3, 600), (5, 120), (7, 25)])
def test_the_worst_scheduler_takes_one_plus_two_to_the_n_minus_one_rounds(
    size: int, trials: int
) -> None:
    """A geometric law with p = 2^(1-n): the mean of t trials errs by about 2^(n-1) / sqrt(t)."""
    wait = 2 ** (size - 1)
    mean = sum(count_rounds(size, seed) for seed in range(trials)) / trials
    assert abs(mean - (1 + wait)) < 2.5 * wait / trials**0.5


def test_a_random_scheduler_takes_a_few_rounds() -> None:
    rounds = []
    for seed in range(100):
        net = make_net("01010", seed).start().run()
        words = [r.round for d in net.disks.values() for r in d if isinstance(r, Word)]
        rounds.append(min(words))
    assert sum(rounds) / len(rounds) < 4
