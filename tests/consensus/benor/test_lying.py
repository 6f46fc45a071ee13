"""Ben-Or's protocol B, for members that lie: n > 5f, and what breaks at n = 5f."""

from typing import Any

import pytest

from consensus.agreement import Decided, Propose, step
from consensus.benor.agreement import BenOr, Rule
from consensus.benor.messages import OPEN, Ballot, Report, Word
from consensus.committee import Committee
from consensus.effects import Broadcast, Toss
from consensus.events import Received, Tossed
from consensus.simulation.chance import Chance
from tests.consensus.benor.net import Net

ROUNDS_OF_LIES = 6


def make_net(inputs: str, seed: int, size: int, faults: int) -> Net:
    committee = Committee.of(size, faults)
    wishes = {me: bytes([int(bit)]) for me, bit in enumerate(inputs)}
    wishes |= dict.fromkeys(range(len(inputs), size), b"")
    return Net(lambda me: BenOr(me, committee, Rule.LYING), wishes, Chance(seed))


def lie(net: Net, liars: range, seed: int) -> None:
    """Each tells each correct member what it likes, in every round that may be reached soon."""
    chance = Chance(seed, "lies")
    for liar in liars:
        for to in range(liars.start):
            for round_ in range(1, ROUNDS_OF_LIES):
                net.mail.append((liar, to, Report(round_, chance.below(2))))
                net.mail.append((liar, to, Ballot(round_, chance.below(3))))


@pytest.mark.parametrize(("size", "faults"), [(6, 1), (7, 1), (11, 2)])
def test_liars_split_nobody(size: int, faults: int) -> None:
    for seed in range(15):
        chance = Chance(seed, "inputs")
        correct = size - faults
        inputs = "".join(str(chance.below(2)) for _ in range(correct))
        net = make_net(inputs, seed, size, faults).start(*range(correct))
        lie(net, range(correct, size), seed)
        net.run(20_000)
        assert len(set(net.decided.values())) == 1
        assert set(net.decided) == set(range(correct))


@pytest.mark.parametrize("value", [0, 1])
def test_what_all_correct_members_hold_is_decided_in_round_1(value: int) -> None:
    for seed in range(15):
        net = make_net(f"{value}" * 5, seed, 6, 1).start(*range(5))
        lie(net, range(5, 6), seed)
        assert net.run().agree() == (bytes([value]),)
        words = [r for disk in net.disks.values() for r in disk if isinstance(r, Word)]
        assert {word.round for word in words} <= {1, 2}


def test_quorums_weigh_and_f_plus_one_are_adopted() -> None:
    benor = BenOr(0, Committee.of(6, 1), Rule.LYING)
    assert (benor.reporting, benor.deciding, benor.adopting) == (4, 4, 2)
    crash = BenOr(0, Committee.of(5, 2))
    assert (crash.reporting, crash.deciding, crash.adopting) == (3, 3, 1)


def test_a_single_ballot_may_be_a_lie() -> None:
    benor = BenOr(0, Committee.of(6, 1), Rule.LYING)
    step(benor, Propose(b"\x00"))
    for sender in range(5):
        step(benor, Received(sender, Report(1, sender % 2)))
    effects = []
    for sender, vote in enumerate((OPEN, OPEN, 1, OPEN, OPEN)):
        effects = step(benor, Received(sender, Ballot(1, vote)))
    assert effects == [Toss((1,), common=False)]


class Ring:
    """Four correct members and a liar, n = 5: each hears itself, two others, and the liar."""

    def __init__(self) -> None:
        self.members = [BenOr(me, Committee.of(5, 1), Rule.LYING) for me in range(4)]
        self.said: dict[tuple[int, int, type], Report | Ballot] = {}
        self.decided: dict[int, bytes] = {}

    def feed(self, me: int, event: Any) -> None:
        for effect in step(self.members[me], event):
            match effect:
                case Broadcast(word):
                    self.said[me, word.round, type(word)] = word
                    self.feed(me, Received(me, word))
                case Decided((value,)):
                    self.decided[me] = value

    def play(self, round_: int, kind: type, lie: int) -> None:
        for me in range(4):
            self.feed(me, Received(4, kind(round_, lie)))
            for other in ((me + 1) % 4, (me + 2) % 4):
                self.feed(me, Received(other, self.said[other, round_, kind]))


def test_at_n_equal_to_5f_one_liar_undoes_validity() -> None:
    """All four correct members hold 1, and the liar is among the first four that each hears.

    So there are three equal reports and not more, nobody finds a value, and all toss. Where their
    coins show 0 they decide 0 in the next round, which no correct member proposed.
    """
    ring = Ring()
    for me in range(4):
        ring.feed(me, Propose(b"\x01"))
    ring.play(1, Report, 0)
    assert {ring.said[me, 1, Ballot] for me in range(4)} == {Ballot(1, OPEN)}
    ring.play(1, Ballot, OPEN)
    assert all(member.is_tossing for member in ring.members)
    for me in range(4):
        ring.feed(me, Tossed((1,), 0))
    ring.play(2, Report, 0)
    ring.play(2, Ballot, 0)
    assert ring.decided == dict.fromkeys(range(4), b"\x00")


def test_at_n_equal_to_5f_one_liar_keeps_all_from_deciding() -> None:
    """As above, with coins that show 1 again: it goes on like that, round after round."""
    ring = Ring()
    for me in range(4):
        ring.feed(me, Propose(b"\x01"))
    for round_ in range(1, 40):
        ring.play(round_, Report, 0)
        ring.play(round_, Ballot, OPEN)
        for me in range(4):
            ring.feed(me, Tossed((round_,), 1))
    assert ring.decided == {}
