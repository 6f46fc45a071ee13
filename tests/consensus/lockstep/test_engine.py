"""The synchronous ledger engines: slots, bonds, alarms, and networks slower than their rounds."""

from collections.abc import Iterator
from typing import Any

import pytest

from consensus import catalog
from consensus.committee import Committee
from consensus.effects import Alert, Broadcast, Check, Decide, Ignore, Persist
from consensus.engine import step
from consensus.events import Applied, Checked, Elapsed, Proposed, Received, Started, Verdict
from consensus.lockstep.choosing import Candidate, pack, unpack
from consensus.lockstep.complexity import compute_slot_ms
from consensus.lockstep.messages import Bound, Confirm, Flood, Pair, Report, Said
from consensus.lockstep.paced import Paced
from consensus.lockstep.pacing import STEP
from consensus.lockstep.parameters import Parameters
from consensus.lockstep.refusals import Refusal
from consensus.message import compute_digest
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.links import Quality
from consensus.simulation.request import Request
from consensus.simulation.run import run_seed

ENGINES = ("floodset", "early")
DELTA_MS = 100


def start(engine: str, size: int = 3, delay_ms: int = 20, **parameters: int) -> Cluster:
    chosen = {"delta_ms": DELTA_MS, "checkpoint_interval": 4, "idle_block_ms": 100, **parameters}
    quality = Quality(1, delay_ms)
    cluster = make_cluster(engine, size, quality=quality, parameters=chosen)
    cluster.start()
    return cluster


def count(cluster: Cluster, name: str) -> int:
    engines = [host.engine for host in cluster.hosts.values() if host.engine is not None]
    return sum(cluster.spec.account(engine).counters.get(name, 0) for engine in engines)


def is_done(cluster: Cluster, items: int) -> bool:
    return all(len(host.application.executed) == items for host in cluster.hosts.values())


@pytest.mark.parametrize("engine", ENGINES)
def test_it_orders_everything_and_decides_no_height_at_rest(engine: str) -> None:
    cluster = start(engine)
    for number in range(20):
        cluster.submit(f"item{number}")
        cluster.run(130)
    cluster.run(5_000)
    assert is_done(cluster, 20)
    heights = {host.height for host in cluster.hosts.values()}
    height = heights.pop()
    assert not heights
    assert height % 4 == 0
    assert all(max(host.application.certificates) == height for host in cluster.hosts.values())
    said, written = cluster.sent.total(), [h.writes for h in cluster.hosts.values()]
    cluster.run(6_000)
    assert {host.height for host in cluster.hosts.values()} == {height}
    # Signs of life go on, f + 2 a slot, and cost no write.
    assert cluster.sent.total() - said == 6_000 // (ROUNDS * DELTA_MS) * 3 * 3 * 2
    assert [host.writes for host in cluster.hosts.values()] == written
    assert count(cluster, "synchrony_violations") == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_crashed_member_is_missed_and_learns_what_it_missed(engine: str) -> None:
    cluster = start(engine)
    cluster.run(1_000)
    cluster.crash(2)
    for number in range(12):
        cluster.submit(f"item{number}")
        cluster.run(300)
    assert len(cluster.hosts[0].application.executed) >= 10
    cluster.hosts[2].start()
    cluster.submit("last")
    assert cluster.run_until(lambda: is_done(cluster, 13), 10_000)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_slower_than_its_rounds_stops_and_says_so(engine: str) -> None:
    """Nothing is decided, everybody raises the alarm; and when it keeps its promise again it goes on."""
    cluster = start(engine)
    cluster.submit("before")
    cluster.run(2_000)
    height = cluster.hosts[0].height
    cluster.links.quality = Quality(DELTA_MS + 20, 4 * DELTA_MS)
    cluster.run(2 * compute_slot_ms(Parameters(delta_ms=DELTA_MS), 1))
    settled = cluster.hosts[0].height
    cluster.submit("during")
    cluster.run(10_000)
    assert {host.height for host in cluster.hosts.values()} <= {height, settled}
    for host in cluster.hosts.values():
        assert host.alerts["synchrony-too-few-heard"] or host.alerts["synchrony-late-message"]
        assert host.engine is not None
        assert "during" not in host.application.executed
    cluster.links.quality = Quality(1, 20)
    assert cluster.run_until(lambda: is_done(cluster, 2), 10_000)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("most_ms", [DELTA_MS + 10, 2 * DELTA_MS, 5 * DELTA_MS])
def test_messages_that_are_late_now_and_then_split_nobody(engine: str, most_ms: int) -> None:
    """The simulator raises an error if any two hosts execute different blocks."""
    cluster = start(engine, delay_ms=most_ms)
    for number in range(40):
        cluster.submit(f"item{number}", [number % 3])
        cluster.run(90)
    cluster.run(4_000)
    assert count(cluster, "synchrony_violations") > 0
    cluster.links.quality = Quality(1, 20)
    assert cluster.run_until(lambda: is_done(cluster, 40), 30_000)


@pytest.mark.parametrize("engine", ENGINES)
def test_without_confirmations_late_messages_split_the_members(engine: str) -> None:
    """The textbook's engine, on a network that it was not made for: the storms find it at once."""
    request = Request(engine=engine, nodes=3, parameters={"confirms": 0})
    broken = {
        outcome.violation.property
        for outcome in (run_seed(request, seed) for seed in (0, 9, 11))
        if outcome.violation
    }
    assert "uniform-agreement" in broken


@pytest.mark.parametrize("engine", ENGINES)
def test_storms_break_nothing(engine: str) -> None:
    outcomes = [run_seed(Request(engine=engine, nodes=3), seed) for seed in range(12)]
    assert [o.violation for o in outcomes if o.violation] == []
    assert sum(o.probes.get("abstained", 0) for o in outcomes) > 50
    assert sum(o.probes.get("bound-carried", 0) for o in outcomes) > 5


# One replica, by hand.

COMMITTEE = Committee.of(3, 1)
ROUNDS = 4


@pytest.fixture
def engine() -> Any:
    made = catalog.get("floodset").create(0, COMMITTEE, Parameters(delta_ms=DELTA_MS))
    step(made, Started((), 0, bytes(32), COMMITTEE))
    return made


def tick(engine: Any, at: int) -> list[Any]:
    return step(engine, Elapsed(STEP, at))


def hear(engine: Any, sender: int, said: Said) -> list[Any]:
    return step(engine, Received(sender, said))


def say_first(sender: int, slot: int, candidate: Candidate, height: int = 1) -> Said:
    return Said(slot, height, 1, False, Flood((Pair(sender, pack(candidate)),)))


def meet(engine: Any, slot: int) -> list[Any]:
    """Everybody is there in the slot before; what this replica says as the slot begins."""
    for sender in (1, 2):
        step(engine, Received(sender, Said(slot - 1, 1, ROUNDS, True, None)))
    return tick(engine, slot * ROUNDS)


def loop_back(engine: Any, effects: list[Any]) -> Iterator[Any]:
    for effect in effects:
        if isinstance(effect, Broadcast):
            yield from step(engine, Received(0, effect.message))


def run_slot(engine: Any, slot: int, candidates: dict[int, Candidate]) -> list[Any]:
    """All rounds of the algorithm; returns what the confirmation round begins with."""
    effects = meet(engine, slot)
    list(loop_back(engine, effects))
    for sender, candidate in candidates.items():
        hear(engine, sender, say_first(sender, slot, candidate))
    effects = tick(engine, slot * ROUNDS + 1)
    list(loop_back(engine, effects))
    for sender in candidates:
        hear(engine, sender, Said(slot, 1, 2, False, Flood(())))
    reports = tick(engine, slot * ROUNDS + 2)
    list(loop_back(engine, reports))
    said = [e.message for e in reports if isinstance(e, Broadcast)]
    for sender in candidates:
        hear(engine, sender, said[0])
    return tick(engine, slot * ROUNDS + 3)


def read_bonds(effects: list[Any]) -> list[Bound]:
    return [e.record for e in effects if isinstance(e, Persist) and isinstance(e.record, Bound)]


def test_a_confirmation_is_written_first_and_binds(engine: Any) -> None:
    tick(engine, 3)
    step(engine, Proposed(1, b"mine"))
    candidates = {1: Candidate(0, 0, b"theirs"), 2: Candidate(0, 1, b"theirs")}
    effects = run_slot(engine, 1, candidates)
    assert read_bonds(effects) == [Bound(1, 1, b"theirs")]
    said = [e.message for e in effects if isinstance(e, Broadcast)]
    assert said == [Said(1, 1, 4, True, Confirm(compute_digest(b"theirs")))]
    kinds = [type(e) for e in effects if isinstance(e, Persist | Broadcast)]
    assert kinds == [Persist, Broadcast]


def test_n_minus_f_confirmations_decide(engine: Any) -> None:
    tick(engine, 3)
    run = run_slot(engine, 1, {1: Candidate(0, 0, b"v"), 2: Candidate(0, 0, b"v")})
    list(loop_back(engine, run))
    confirm = Said(1, 1, 4, True, Confirm(compute_digest(b"v")))
    (check,) = [e for e in hear(engine, 1, confirm) if isinstance(e, Check)]
    assert check.forced
    decided = step(engine, Checked(check.digest, Verdict.VALID))
    assert [e.values for e in decided if isinstance(e, Decide)] == [(b"v",)]
    step(engine, Applied(1, bytes(32), COMMITTEE))
    assert engine.paced.bound == {}


def test_a_bond_is_brought_into_the_next_slot_and_the_latest_wins(engine: Any) -> None:
    tick(engine, 3)
    run_slot(engine, 1, {1: Candidate(0, 0, b"v"), 2: Candidate(0, 0, b"v")})
    effects = meet(engine, 2)
    (said,) = [e.message for e in effects if isinstance(e, Broadcast)]
    assert isinstance(said.body, Flood)
    assert unpack(said.body.pairs[0].value) == Candidate(1, 0, b"v")
    assert engine.paced.keeper.counters["alarm_unconfirmed"] == 1
    list(loop_back(engine, effects))
    hear(engine, 1, say_first(1, 2, Candidate(0, 0, b"w")))
    hear(engine, 2, say_first(2, 2, Candidate(0, 0, b"w")))
    list(loop_back(engine, tick(engine, 9)))
    for sender in (1, 2):
        hear(engine, sender, Said(2, 1, 2, False, Flood(())))
    assert engine.paced.slot.outcome is None
    reports = tick(engine, 10)
    assert Broadcast(Said(2, 1, 3, False, Report(compute_digest(b"v")))) in reports
    list(loop_back(engine, reports))
    hear(engine, 1, Said(2, 1, 3, False, Report(compute_digest(b"w"))))
    assert read_bonds(tick(engine, 11)) == []


def test_a_restart_brings_its_bond(engine: Any) -> None:
    again = catalog.get("floodset").create(0, COMMITTEE, Parameters(delta_ms=DELTA_MS))
    records = (Bound(1, 1, b"v"), Bound(1, 4, b"w"))
    step(again, Started(records, 0, bytes(32), COMMITTEE, fresh=False))
    tick(again, 23)
    (said,) = [e.message for e in meet(again, 6) if isinstance(e, Broadcast)]
    assert unpack(said.body.pairs[0].value) == Candidate(4, 0, b"w")


def test_a_slot_is_not_run_twice(engine: Any) -> None:
    again = catalog.get("floodset").create(0, COMMITTEE, Parameters(delta_ms=DELTA_MS))
    step(again, Started((Bound(1, 6, b"v"),), 0, bytes(32), COMMITTEE, fresh=False))
    tick(again, 23)
    assert not [e for e in meet(again, 6) if isinstance(getattr(e, "message", None), Said)]


def test_too_few_heard_abstain_and_alert_once_a_slot(engine: Any) -> None:
    tick(engine, 3)
    list(loop_back(engine, meet(engine, 1)))
    effects = tick(engine, 5)
    assert [e.alert for e in effects if isinstance(e, Alert)] == ["synchrony-too-few-heard"]
    assert not [e for e in effects if isinstance(e, Broadcast)]
    assert catalog.get("floodset").account(engine).waiting_for == "synchrony"
    assert not [e for e in tick(engine, 6) if isinstance(e, Alert)]


def test_one_late_member_counts_as_crashed(engine: Any) -> None:
    tick(engine, 3)
    list(loop_back(engine, meet(engine, 1)))
    hear(engine, 1, say_first(1, 1, Candidate(0, 0, b"v")))
    list(loop_back(engine, tick(engine, 5)))
    late = say_first(2, 1, Candidate(0, 0, b"a"))
    effects = hear(engine, 2, late)
    assert Ignore(late, Refusal.SYNCHRONY) in effects
    assert [e.alert for e in effects if isinstance(e, Alert)] == ["synchrony-late-message"]
    hear(engine, 1, Said(1, 1, 2, False, Flood(())))
    reports = tick(engine, 6)
    assert Broadcast(Said(1, 1, 3, False, Report(compute_digest(b"v")))) in reports


def test_a_step_that_was_skipped_is_noticed(engine: Any) -> None:
    tick(engine, 3)
    list(loop_back(engine, meet(engine, 1)))
    effects = tick(engine, 6)
    assert [e.alert for e in effects if isinstance(e, Alert)] == ["synchrony-late-timer"]


def test_who_stands_alone_stays_away(engine: Any) -> None:
    tick(engine, 3)
    effects = tick(engine, 4)
    assert isinstance(engine.paced, Paced)
    assert engine.paced.slot is None
    assert [type(e.message).__name__ for e in effects if isinstance(e, Broadcast)] == ["Lack"]


def test_everybodys_turn_comes_among_equals() -> None:
    cluster = start("floodset", 3)
    for number in range(9):
        for place in range(3):
            cluster.submit(f"item{number}-{place}", [place])
        cluster.run(300)
    cluster.run(4_000)
    blocks = cluster.hosts[0].application.blocks
    proposers = {value.split(b"/")[0] for block in blocks for value in block.values}
    assert proposers == {b"0", b"1", b"2"}
