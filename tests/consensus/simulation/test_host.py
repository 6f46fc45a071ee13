"""A host is faithful to the contract: writes before words, one timer per name, nothing after death."""

from typing import Any

import pytest

from consensus.effects import Decide, Persist, Rewrite
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.entry import Entry
from consensus.simulation.history import ViolationError
from consensus.simulation.links import Quality
from consensus.simulation.stage import Stage
from consensus.simulation.trace import Trace


def started(**changes: Any) -> Cluster:
    cluster = make_cluster(is_traced=True, **changes)
    cluster.start()
    return cluster


def entries(cluster: Cluster, place: int) -> list[Entry]:
    assert cluster.trace is not None
    return [entry for entry in cluster.trace.entries if entry.place == place]


@pytest.mark.parametrize(("where", "kept"), [("before", 0), ("torn", 0), ("after", 1)])
def test_a_fuse_burns_at_a_write_and_nothing_follows(where: str, kept: int) -> None:
    cluster = started()
    cluster.hosts[1].fuse = 1, where
    cluster.submit("pay")
    cluster.run(100)
    mine = entries(cluster, 1)
    at = next(number for number, entry in enumerate(mine) if entry.kind == "crash")
    assert mine[at - 1].kind == "write"
    assert len(cluster.hosts[1].journal.durable) == kept
    assert not [entry for entry in mine if entry.name == "Prepare" and entry.kind == "send"]
    cluster.restart(1)
    assert cluster.history.probes["torn-tail-cut"] == (where == "torn")
    assert cluster.run_until(cluster.are_at_rest, 20_000)


def test_what_stands_behind_a_write_waits_for_the_disk() -> None:
    cluster = started()
    cluster.hosts[1].habits.sync_ms = 40
    cluster.submit("pay")
    cluster.run(1_000)
    written = next(e.at_ms for e in entries(cluster, 1) if e.kind == "write")
    said = next(e.at_ms for e in entries(cluster, 1) if e.kind == "send" and e.name == "Prepare")
    assert said == written + 40


def test_many_writes_share_one_sync() -> None:
    cluster = started(parameters={"pipeline": 8, "idle_block_ms": 100})
    host = cluster.hosts[1]
    host.habits.sync_ms = 30
    for number in range(40):
        cluster.submit(f"i{number}")
    assert cluster.run_until(cluster.are_at_rest, 60_000)
    assert host.writes == host.durable > 10
    assert not host.withheld


def test_a_power_failure_takes_what_was_not_synced_and_what_it_would_have_said() -> None:
    cluster = started()
    cluster.hosts[1].habits.sync_ms = 50
    cluster.submit("pay")
    cluster.run(20)
    assert cluster.hosts[1].journal.unsynced
    cluster.crash(1, power=True)
    cluster.run(100)
    assert not cluster.hosts[1].journal.unsynced
    assert not [e for e in entries(cluster, 1) if e.kind == "send"]


def test_a_crash_forgets_timers_and_what_was_on_its_way_inside() -> None:
    cluster = started()
    cluster.submit("pay")
    cluster.run(2)
    cluster.crash(1)
    cluster.run(5_000)
    assert not cluster.hosts[1].timers
    late = [entry for entry in entries(cluster, 1) if entry.at_ms > 2]
    assert not [entry for entry in late if entry.kind != "lose"]


def test_a_timer_that_is_set_again_elapses_once() -> None:
    cluster = started()
    host = cluster.hosts[0]
    host.set_timer(("resend",), 10)
    host.set_timer(("resend",), 30)
    cluster.run(100)
    assert [entry.at_ms for entry in entries(cluster, 0) if entry.kind == "timer"] == [30]


def test_a_fast_clock_runs_out_early_and_a_slow_one_late() -> None:
    for drift, expected in ((250, 80), (0, 100), (-200, 125)):
        cluster = started()
        cluster.hosts[0].habits.drift_permille = drift
        cluster.hosts[0].set_timer(("resend",), 100)
        cluster.run(200)
        assert [e.at_ms for e in entries(cluster, 0) if e.kind == "timer"] == [expected]


def test_a_paused_host_handles_everything_later_and_in_order() -> None:
    cluster = started()
    cluster.hosts[2].pause()
    cluster.submit("pay")
    cluster.run(100)
    assert cluster.heights() == (1, 1, 0, 1)
    assert cluster.hosts[2].steps == 1
    cluster.hosts[2].wake()
    assert cluster.heights() == (1, 1, 1, 1)


def test_a_host_that_crashes_as_it_wakes_forgets_the_rest() -> None:
    """What it left would come before its journal when it starts again."""
    cluster = started()
    cluster.hosts[2].pause()
    cluster.submit("pay")
    cluster.run(100)
    cluster.hosts[2].fuse = 1, "before"
    cluster.hosts[2].wake()
    assert not cluster.hosts[2].is_up
    assert not cluster.hosts[2].inbox
    cluster.restart(2)
    assert cluster.run_until(cluster.are_at_rest, 20_000)


def execute(cluster: Cluster, place: int, value: bytes) -> None:
    """A host executes a value at the next height, whatever its engine thinks."""
    host = cluster.hosts[place]
    host.execute(Decide(host.height + 1, (value,), None))


def test_disagreement_is_noticed() -> None:
    cluster = started()
    execute(cluster, 0, b"0/1: a")
    execute(cluster, 2, b"0/1: a")
    with pytest.raises(ViolationError, match=r"^agreement: host 1 disagrees by height 1"):
        execute(cluster, 1, b"0/1: b")


def test_also_with_a_host_that_is_gone() -> None:
    cluster = started()
    execute(cluster, 0, b"0/1: a")
    cluster.crash(0, power=True)
    assert cluster.hosts[0].height == 0
    assert cluster.history.probes["blocks-lost"] == 1
    with pytest.raises(ViolationError, match=r"^uniform-agreement: host 1 disagrees by height 1"):
        execute(cluster, 1, b"0/1: b")


def test_a_height_is_decided_once_and_in_order() -> None:
    cluster = started()
    execute(cluster, 0, b"0/1: a")
    for height in (1, 3):
        with pytest.raises(ViolationError, match=r"^integrity: host 0 decided"):
            cluster.hosts[0].execute(Decide(height, (b"0/1: a",), None))


def test_a_liar_may_disagree() -> None:
    cluster = started()
    cluster.history.byzantine.add(1)
    execute(cluster, 0, b"0/1: a")
    execute(cluster, 1, b"0/1: b")


def test_the_journal_is_what_was_persisted_or_rewritten() -> None:
    cluster = started(parameters={"checkpoint_interval": 2, "window": 4})
    expected: list[Any] = []
    host = cluster.hosts[2]

    class Spy(Trace):
        def note_effect(self, now_ms: int, place: int, effect: Any) -> None:
            if place == 2 and isinstance(effect, Persist):
                expected.append(effect.record)
            if place == 2 and isinstance(effect, Rewrite):
                expected[:] = effect.records
            super().note_effect(now_ms, place, effect)

    cluster.trace = Spy()
    cluster.submit("pay")
    assert cluster.run_until(cluster.are_at_rest, 20_000)
    assert host.journal.records == expected
    assert host.writes > len(expected)


def test_an_invalid_item_is_never_executed() -> None:
    cluster = started(parameters={"timeout_ms": 300, "idle_block_ms": 100})
    cluster.submit("!bad", to=[0])
    cluster.submit("good", to=[1, 2, 3])
    assert cluster.run_until(lambda: cluster.have_executed("good"), 20_000)
    assert not any("!bad" in host.application.executed for host in cluster.correct)


def test_after_stabilisation_old_messages_arrive_within_the_bound_too() -> None:
    cluster = started(quality=Quality(5_000, 9_000))
    cluster.submit("pay")
    cluster.run(10)
    Stage(cluster).do("core 0 1 2 delay=1..20")
    cluster.run(20)
    assert cluster.trace is not None
    arrived = {
        e.place for e in cluster.trace.entries if (e.kind, e.name) == ("receive", "PrePrepare")
    }
    assert arrived == {1, 2}
