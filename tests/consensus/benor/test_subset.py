"""A common subset of the members' values: the promises of Ben-Or, Kelmer and Rabin 1994."""

from typing import Any

import pytest

from consensus.agreement import Opened, Propose, step
from consensus.benor.messages import Ballot, Carried, Kept, Report, Vote
from consensus.benor.refusals import Refusal
from consensus.benor.subset import Kind, open_subset
from consensus.committee import Committee, largest_byzantine_faults
from consensus.effects import Broadcast, Ignore, Persist
from consensus.events import Elapsed, Received
from consensus.simulation.chance import Chance
from tests.consensus.benor.net import Net


def make_net(size: int, seed: int = 0, height: int = 1, **options: Any) -> Net:
    kind = options.pop("kind", Kind.LOCAL)
    committee = Committee.of(size, count_faults(size, kind))
    wishes = {me: f"value {me}".encode() for me in range(size)}
    return Net(lambda me: open_subset(me, committee, height, kind), wishes, Chance(seed), **options)


def count_faults(size: int, kind: Kind) -> int:
    """The most that a committee stands."""
    return largest_byzantine_faults(size) if kind is Kind.LYING else (size - 1) // 2


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_everybody_decides_the_same_values_at_least_n_minus_f(size: int, kind: Kind) -> None:
    for seed in range(10):
        net = make_net(size, seed, kind=kind).start().run()
        values = net.agree()
        assert len(net.decided) == size
        assert len(set(values)) == len(values) >= size - count_faults(size, kind)
        assert set(values) <= set(net.wishes.values())


@pytest.mark.parametrize("height", range(1, 5))
def test_each_author_is_first_in_its_turn(height: int) -> None:
    net = make_net(3, height=height).start()
    while net.mail:
        net.deliver(0)
    first = -height % 3
    expected = [f"value {(first + step) % 3}".encode() for step in range(3)]
    assert net.agree() == tuple(expected)


def test_equal_values_count_once() -> None:
    net = make_net(3)
    net.wishes = dict.fromkeys(range(3), b"same")
    assert net.start().run().agree() == (b"same",)


@pytest.mark.parametrize(
    ("size", "kind"),
    [(3, Kind.LOCAL), (5, Kind.LOCAL), (3, Kind.COMMON), (5, Kind.COMMON), (4, Kind.LYING)],
)
def test_f_crashes_at_any_write_keep_nobody_from_deciding(size: int, kind: Kind) -> None:
    for seed in range(30):
        chance = Chance(seed, "crashes")
        faults = count_faults(size, kind)
        doomed = {m: chance.below(12) + 1 for m in chance.sample(range(size), faults)}
        net = make_net(size, seed, kind=kind, writes_left=doomed).start().run()
        net.agree()
        assert set(net.members) <= set(net.decided)


@pytest.mark.parametrize(
    ("size", "kind"), [(3, Kind.LOCAL), (5, Kind.COMMON), (4, Kind.LYING), (7, Kind.LYING)]
)
def test_silent_members_are_left_out(size: int, kind: Kind) -> None:
    speaking = size - count_faults(size, kind)
    net = make_net(size, kind=kind)
    net.start(*range(speaking)).run()
    assert len(net.agree()) == speaking


@pytest.mark.parametrize("write", range(1, 14))
@pytest.mark.parametrize(("size", "kind"), [(3, Kind.LOCAL), (3, Kind.COMMON), (4, Kind.LYING)])
def test_a_crash_at_any_write_and_a_restart(write: int, size: int, kind: Kind) -> None:
    for seed in range(4):
        net = make_net(size, seed, kind=kind, repeats=True, writes_left={2: write}).start().run()
        if 2 not in net.members:
            before = list(net.disks[2])
            net.start(2).run()
            assert net.disks[2][: len(before)] == before
        net.agree()
        assert len(net.decided) == size


def test_a_value_counts_when_it_cannot_be_lost_any_more() -> None:
    """n = 5, f = 2: three holders, of whom one stays up; then 1 is this member's input."""
    subset = open_subset(0, Committee.of(5, 2), 1)
    value = Carried(3, b"v")
    assert step(subset, Received(3, value)) == [Persist(value), Broadcast(value)]
    assert step(subset, Received(0, value)) == []
    report = Report(1, 1)
    assert step(subset, Received(1, value)) == [
        Persist(Kept(3, report)),
        Broadcast(Vote(3, report)),
    ]


def test_a_member_alone_with_a_value_does_not_vote_for_it() -> None:
    """Its author crashed, and links lost it; had this member said 1, nobody could ever decide."""
    net = make_net(3).start(0)
    lone = [message for _, _, message in net.said]
    assert lone == [Carried(0, b"value 0")] * 2


def test_zero_is_brought_in_when_enough_have_ended_with_one() -> None:
    net = make_net(3).start(0, 1).run()
    reports = [r.record for r in net.disks[0] if isinstance(r, Kept) and r.author == 2]
    assert reports[0] == Report(1, 0)


def test_what_cannot_count_is_refused() -> None:
    subset = open_subset(0, Committee.of(3, 1), 1)
    step(subset, Opened())
    step(subset, Propose(b"mine"))
    step(subset, Received(0, Carried(0, b"mine")))
    for sender, message, refusal in (
        (9, Carried(1, b"v"), Refusal.NOT_A_MEMBER),
        (1, Carried(9, b"v"), Refusal.NOT_A_MEMBER),
        (0, Carried(0, b"other"), Refusal.DUPLICATE),
        (1, Vote(9, Ballot(1, 0)), Refusal.NOT_A_MEMBER),
        (1, Report(1, 0), Refusal.UNKNOWN),
    ):
        assert step(subset, Received(sender, message)) == [Ignore(message, refusal)]
    for event, refusal in ((Propose(b"x"), Refusal.UNWANTED), (Elapsed(("t",)), Refusal.UNKNOWN)):
        assert step(subset, event) == [Ignore(event, refusal)]
