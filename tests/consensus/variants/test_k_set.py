"""k-set agreement: at most f + 1 values, and exactly so many in the worst case; FloodMin beside it."""

import itertools

import pytest

from consensus import agreements
from consensus.agreement import Decided, Event, Opened, Propose, step
from consensus.committee import Committee
from consensus.effects import Broadcast, Ignore, Persist, Send
from consensus.events import Elapsed, Received
from consensus.exploration.asynchronous import Liberties, World
from consensus.exploration.crash_patterns import Demands, survey
from consensus.exploration.explorer import explore
from consensus.exploration.replaying import Replay
from consensus.exploration.synchronous import Crash, execute
from consensus.exploration.table import Table
from consensus.lockstep import flood_min
from consensus.model.outcomes import Outcome, Weak
from consensus.model.validity import Validity
from consensus.variants.k_set import Choice, KSet, Offer, is_stale


def open_one(size: int = 3, faults: int = 1) -> KSet:
    """Member 0, which wishes for 5."""
    k_set = KSet(0, Committee.of(size, faults))
    assert step(k_set, Propose(b"5")) == [Persist(Offer(b"5")), Broadcast(Offer(b"5"))]
    step(k_set, Received(0, Offer(b"5")))
    return k_set


def test_the_least_of_n_minus_f_inputs_is_decided_and_written_first() -> None:
    k_set = open_one()
    assert step(k_set, Received(2, Offer(b"3"))) == [Persist(Choice(b"3")), Decided((b"3",))]
    assert step(k_set, Received(1, Offer(b"1"))) == []


def test_refusals_change_nothing() -> None:
    k_set = open_one(4, 1)
    step(k_set, Received(1, Offer(b"6")))
    events: list[tuple[Event, str]] = [
        (Received(1, Offer(b"0")), "duplicate"),
        (Received(9, Offer(b"0")), "not-a-member"),
        (Received(2, Choice(b"0")), "unknown-message"),
        (Propose(b"0"), "unwanted"),
        (Elapsed(("x",)), "unknown-message"),
    ]
    for event, refusal in events:
        (ignored,) = step(k_set, event)
        assert isinstance(ignored, Ignore)
        assert ignored.refusal == refusal
    assert step(k_set, Received(3, Offer(b"7"))) == [Persist(Choice(b"5")), Decided((b"5",))]


def test_who_comes_back_undecided_asks_and_is_answered() -> None:
    again = Offer(b"5", again=True)
    assert step(KSet(0, Committee.of(3, 1)), Opened((Offer(b"5"),))) == [Broadcast(again)]
    other = KSet(1, Committee.of(3, 1))
    step(other, Propose(b"2"))
    assert Send(0, Offer(b"2")) in step(other, Received(0, again))
    assert not is_stale(other, again)


def test_who_comes_back_with_a_decision_says_the_same() -> None:
    k_set = KSet(0, Committee.of(3, 1))
    effects = step(k_set, Opened((Offer(b"5"), Choice(b"3"))))
    assert effects == [Broadcast(Offer(b"5")), Decided((b"3",))]
    assert is_stale(k_set, Offer(b"1"))


@pytest.mark.parametrize(("size", "faults"), [(3, 1), (4, 2), (5, 2), (5, 4)])
def test_exactly_f_plus_one_values_can_be_decided(size: int, faults: int) -> None:
    """Member i hears the n - f greatest inputs above its own, so each of the f + 1 least is decided."""
    replay = Replay(Committee.of(size, faults), KSet)
    inputs = [bytes([me]) for me in range(size)]
    replay.begin([[Opened(), Propose(value)] for value in inputs])
    for me in range(size):
        first = min(me, faults)
        heard = [*range(first, size), *range(first)]
        for sender in heard[: size - faults + 1]:
            late = [
                s.delivery
                for s in replay.mail
                if (s.delivery.sender, s.delivery.to) == (sender, me)
            ]
            if me not in replay.words() and late:
                replay.play(late[0])
    outcome = Outcome(dict(enumerate(inputs)), replay.words(), frozenset(range(size)))
    assert len(outcome.values) == faults + 1
    assert Weak(faults + 1, size).holds(outcome)
    assert not Weak(faults, size).holds(outcome)
    assert outcome.keeps(Validity.PROPOSED)


@pytest.mark.parametrize(("size", "faults", "counted"), [(3, 1, 2), (4, 2, 3)])
def test_no_schedule_and_no_crash_makes_more(size: int, faults: int, counted: int) -> None:
    """All of them, one by one; some reach the bound."""
    committee, spec = Committee.of(size, faults), agreements.get("k-set")
    assert spec.count_values(committee) == counted
    world = World(Table(committee), Liberties(crashes=1, timers=False), spec.is_stale)
    openings = [[Opened(), Propose(bytes([me]))] for me in range(size)]
    start = world.begin([spec.create(me, committee) for me in range(size)], openings)
    found = explore(world, [start], lambda _configuration: None)
    assert found.is_closed
    decided = [
        {value for words in world.words(one) for _, values in words for value in values}
        for one in found.configurations
    ]
    assert max(map(len, decided)) == counted


def make_floods(
    size: int, k: int, faults: int, rounds: int | None
) -> dict[int, flood_min.FloodMin]:
    """Member i proposes i."""
    committee = Committee.of(size, faults)
    return {me: flood_min.create(me, committee, bytes([me]), k, rounds) for me in range(size)}


@pytest.mark.parametrize(("size", "faults", "k"), [(5, 2, 2), (5, 3, 2), (7, 4, 2), (7, 4, 3)])
def test_flood_min_decides_k_plus_one_values_in_a_round_too_few(
    size: int, faults: int, k: int
) -> None:
    """In each round k members crash, each with a secret of its own, and whisper it to one of k others."""
    rounds = faults // k
    crashes = {
        k * step + at: Crash(step + 1, frozenset({k * (step + 1) + at}))
        for step in range(rounds)
        for at in range(k)
    }
    short = execute(make_floods(size, k, faults, rounds), crashes)
    enough = execute(make_floods(size, k, faults, None), crashes)
    correct = frozenset(range(size)) - crashes.keys()
    inputs = {me: bytes([me]) for me in range(size)}
    assert len(Outcome(inputs, short.decisions, correct).values) == k + 1
    assert Weak(k, size).holds(Outcome(inputs, enough.decisions, correct))


def test_flood_min_keeps_to_k_values_whoever_crashes_when() -> None:
    committee = Committee.of(4, 2)
    values = [bytes([value]) for value in range(3)]
    found = survey(
        lambda me, members, value: flood_min.create(me, members, value, k=2),
        committee,
        values,
        Demands(values_max=2),
    )
    assert found.breach is None


def test_without_crashes_three_decide_inputs_and_the_least_among_them() -> None:
    spec, committee = agreements.get("k-set"), Committee.of(3, 1)
    for inputs in itertools.product((0, 1), repeat=3):
        world = World(Table(committee), Liberties(timers=False), spec.is_stale)
        openings = [[Opened(), Propose(bytes([bit]))] for bit in inputs]
        start = world.begin([spec.create(me, committee) for me in range(3)], openings)
        found = explore(world, [start], lambda _configuration: None)
        words = [one for last in found.configurations for one in world.words(last)]
        decided = {value[0] for said in words for _, values in said for value in values}
        assert min(inputs) in decided
        assert decided <= set(inputs)
