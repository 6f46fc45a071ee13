"""PBFT among several replicas: costs, crashes at every write, faulty primaries, followers."""

from collections.abc import Iterator
from typing import Any

import pytest

from consensus.message import Signed, compute_digest, sign_message
from consensus.pbft.messages import (
    Commit,
    CommitSeal,
    Decision,
    NewView,
    PrePrepare,
    ViewChange,
)
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.links import Quality
from consensus.simulation.signatures import make_sign
from consensus.simulation.stage import Stage

FAST = {"timeout_ms": 600, "timeout_max_ms": 4_800, "idle_block_ms": 100, "resend_ms": 100}


def started(size: int = 4, *, seed: int = 0, followers: int = 0, **changes: int) -> Cluster:
    """A cluster with quick timers."""
    parameters = {**FAST, **changes}
    cluster = make_cluster(
        size=size, seed=seed, followers=followers, parameters=parameters, is_traced=True
    )
    cluster.start()
    return cluster


def assert_all_done(cluster: Cluster, *items: str, within_ms: int = 30_000) -> None:
    """Everything is executed, everywhere, and certified."""
    assert cluster.run_until(cluster.are_at_rest, within_ms), cluster.heights()
    assert cluster.have_executed(*items)


@pytest.mark.parametrize("size", [1, 4, 5, 6, 7, 10])
def test_the_good_case_costs_2n_times_n_minus_1_messages(size: int) -> None:
    cluster = started(size)
    for number in range(8):
        cluster.submit(f"item{number}")
        cluster.run(30)
    assert_all_done(cluster)
    height = cluster.hosts[0].height
    votes = {"PrePrepare": 1, "Prepare": size - 1, "Commit": size}
    for kind, senders in votes.items():
        assert cluster.sent[kind] == height * senders * (size - 1)
    total = sum(cluster.sent[kind] for kind in votes)
    assert total == height * cluster.spec.model.messages(size)
    assert set(cluster.sent) <= {*votes, "Checkpoint"}


@pytest.mark.parametrize("size", [4, 7])
def test_the_good_case_takes_three_message_delays(size: int) -> None:
    cluster = started(size)
    cluster.submit("pay")
    assert cluster.run_until(lambda: cluster.have_executed("pay"), 1_000)
    assert cluster.now_ms == cluster.spec.model.count_delays(1) * cluster.links.quality.delay_ms_max


def test_several_heights_are_in_flight() -> None:
    cluster = started(pipeline=3)
    for number in range(40):
        cluster.submit(f"item{number}")
    cluster.run(8)
    assert cluster.trace is not None
    proposed = [e for e in cluster.trace.entries if (e.kind, e.name) == ("send", "PrePrepare")]
    assert len(proposed) == 3


def crash_at_write(name: int, write: int, *, dead_primary: bool) -> Cluster:
    """Replica `name` crashes right after its `write`-th write and comes back."""
    cluster = started(checkpoint_interval=2, window=4)
    cluster.hosts[name].fuse = write, "after"
    if dead_primary:
        cluster.links.filters.append(lambda a, _b, m: a != 0 or not isinstance(m, PrePrepare))
    for number in range(6):
        cluster.submit(f"item{number}")
        cluster.run(40)
    cluster.run_until(lambda: not cluster.hosts[name].is_up, 3_000)
    if not cluster.hosts[name].is_up:
        cluster.run(50)
        cluster.restart(name)
    return cluster


@pytest.mark.parametrize("dead_primary", [False, True], ids=["good", "view-change"])
@pytest.mark.parametrize("write", range(1, 13))
@pytest.mark.parametrize("name", [0, 1, 2])
def test_restart_at_each_persistence_point(name: int, write: int, dead_primary: bool) -> None:
    cluster = crash_at_write(name, write, dead_primary=dead_primary)
    assert_all_done(cluster, *[f"item{number}" for number in range(6)])


@pytest.mark.parametrize("write", range(1, 9))
def test_one_replica_alone_restarts_at_each_persistence_point(write: int) -> None:
    cluster = started(1, checkpoint_interval=2, window=4)
    cluster.hosts[0].fuse = write, "after"
    for number in range(6):
        cluster.submit(f"item{number}")
        cluster.run(20)
    assert not cluster.hosts[0].is_up
    cluster.restart(0)
    assert_all_done(cluster, *[f"item{number}" for number in range(6)])


@pytest.mark.parametrize("write", range(1, 9))
def test_all_crash_at_the_same_write(write: int) -> None:
    cluster = started(checkpoint_interval=2, window=4)
    for host in cluster.hosts.values():
        host.fuse = write, "after"
    for number in range(6):
        cluster.submit(f"item{number}")
        cluster.run(20)
    cluster.run_until(lambda: not any(h.is_up for h in cluster.hosts.values()), 2_000)
    for host in cluster.hosts.values():
        host.fuse = None
    cluster.start()
    assert_all_done(cluster, *[f"item{number}" for number in range(6)])


def test_a_crash_between_prepared_and_committed_loses_nothing() -> None:
    """All hold the certificate, nobody has said commit; the primary does not come back."""
    cluster = started()
    for host in cluster.hosts.values():
        host.fuse = 2, "after"
    cluster.submit("pay")
    cluster.run(100)
    assert cluster.sent["Commit"] == 0
    assert not any(host.is_up for host in cluster.hosts.values())
    for name in (1, 2, 3):
        cluster.restart(name)
    assert_all_done(cluster, "pay")
    assert cluster.hosts[1].application.blocks[0].values == (b"0/1: pay",)


def test_a_value_that_one_replica_decided_survives_the_view_change() -> None:
    """Only replica 3 hears the commits; then the primary dies and 3 is cut off."""
    cluster = started()
    cluster.links.filters.append(lambda _a, b, m: b == 3 or not is_body(m, Commit))
    cluster.submit("pay")
    cluster.run(25)
    assert cluster.heights() == (0, 0, 0, 1)
    cluster.links.heal()
    cluster.crash(3)
    cluster.crash(0)
    cluster.run(2_000)
    cluster.restart(0)
    cluster.submit("later")
    assert cluster.run_until(lambda: cluster.have_executed("pay", "later"), 30_000)
    cluster.restart(3)
    assert_all_done(cluster, "pay", "later")


def is_body(message: Any, kind: type) -> bool:
    """Is this a vote of a kind."""
    return isinstance(message, Signed) and isinstance(message.body, kind)


@pytest.mark.parametrize("lie", ["silent", "every-face", "two-faced 1"])
@pytest.mark.parametrize("size", [4, 7])
def test_a_faulty_primary_is_replaced(lie: str, size: int) -> None:
    cluster = started(size)
    Stage(cluster).do(f"behave 0 {lie}")
    cluster.submit("pay")
    assert cluster.run_until(lambda: cluster.have_executed("pay"), 30_000)
    assert all(host.engine.replica.view >= 1 for host in cluster.correct)  # type: ignore[union-attr]


def test_a_slow_primary_is_replaced() -> None:
    """It answers, but only after the backups' patience has run out."""
    cluster = started()
    cluster.hosts[0].habits.answers_requests = False
    cluster.submit("pay")
    assert cluster.run_until(lambda: cluster.have_executed("pay"), FAST["timeout_ms"] + 100)


def test_a_censor_is_replaced() -> None:
    cluster = started()
    cluster.hosts[0].application.censored = frozenset({"unwanted"})
    cluster.submit("unwanted")
    for number in range(60):
        cluster.submit(f"item{number}")
        cluster.run(10)
    assert_all_done(cluster, "unwanted")
    assert all(host.engine.replica.view == 1 for host in cluster.correct)  # type: ignore[union-attr]


@pytest.mark.parametrize("gone", [(0, 1), (0, 2), (1, 2)])
def test_two_faulty_primaries_in_a_row(gone: tuple[int, int]) -> None:
    cluster = started(7)
    for name in gone:
        cluster.crash(name)
    for item in ("first", "second"):
        cluster.submit(item)
        assert cluster.run_until(lambda item=item: cluster.have_executed(item), 10_000)  # type: ignore[misc]


def test_a_primary_that_opens_no_view_is_skipped() -> None:
    cluster = started()
    cluster.crash(0)
    cluster.links.filters.append(lambda a, _b, m: a != 1 or not is_body(m, NewView))
    cluster.submit("pay")
    goal = lambda: "pay" in cluster.hosts[2].application.executed  # noqa: E731
    assert cluster.run_until(goal, 10_000)
    assert cluster.hosts[2].engine.replica.view == 2  # type: ignore[union-attr]


def test_a_partition_stops_and_its_end_starts_again() -> None:
    cluster = started()
    cluster.links.partition({0, 1}, {2, 3})
    cluster.submit("pay")
    cluster.run(20_000)
    assert cluster.heights() == (0, 0, 0, 0)
    cluster.links.heal()
    assert_all_done(cluster, "pay", within_ms=3_000)


def test_a_minority_that_was_away_catches_up() -> None:
    cluster = started()
    cluster.links.partition({0, 1, 2}, {3})
    for number in range(100):
        cluster.submit(f"item{number}")
        cluster.run(12)
    assert cluster.hosts[3].height == 0
    assert cluster.hosts[0].height > 20
    cluster.links.heal()
    assert_all_done(cluster, within_ms=10_000)
    assert cluster.hosts[3].engine.replica.stable > 0  # type: ignore[union-attr]


def test_a_replica_that_was_cut_off_votes_again_without_a_view_change() -> None:
    """Found by thinking of a suspended process: alone it would have left the view for good."""
    cluster = started()
    cluster.links.partition({0, 1, 2}, {3})
    for number in range(60):
        cluster.submit(f"item{number}")
        cluster.run(30)
    cluster.links.heal()
    assert_all_done(cluster)
    cluster.crash(2)
    cluster.submit("needs-the-vote-of-3")
    assert_all_done(cluster, "needs-the-vote-of-3", within_ms=2_000)
    assert all(h.engine.replica.view == 0 for h in cluster.correct if h.is_up)  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["Prepare", "Commit", "PrePrepare", "Checkpoint"])
def test_lost_messages_of_one_kind_are_made_good(kind: str) -> None:
    cluster = started()
    lost: dict[tuple[int, int], int] = {}

    def lose_the_first_two(a: int, b: int, message: Any) -> bool:
        body = message.body if isinstance(message, Signed) else message
        if type(body).__name__ != kind:
            return True
        lost[a, b] = lost.get((a, b), 0) + 1
        return lost[a, b] > 2

    cluster.links.filters.append(lose_the_first_two)
    cluster.submit("pay")
    assert_all_done(cluster, "pay")


def test_half_of_all_messages_lost_is_only_slow() -> None:
    cluster = make_cluster(
        seed=1, quality=Quality(1, 10, loss_permille=500), parameters={**FAST, "timeout_ms": 3_000}
    )
    cluster.start()
    cluster.submit("pay")
    assert_all_done(cluster, "pay", within_ms=120_000)


def test_a_follower_follows_and_is_never_heard() -> None:
    cluster = started(followers=1)
    cluster.submit("pay")
    assert_all_done(cluster, "pay")
    assert cluster.hosts[4].block_id == cluster.hosts[0].block_id
    assert cluster.trace is not None
    assert not [e for e in cluster.trace.entries if e.place == 4 and e.kind == "send"]


def test_a_follower_that_misses_votes_fetches_at_the_next_checkpoint() -> None:
    cluster = started(followers=1)
    cluster.links.filters.append(lambda _a, b, m: b != 4 or not is_body(m, Commit))
    cluster.submit("pay")
    assert_all_done(cluster, "pay")
    assert cluster.hosts[4].block_id == cluster.hosts[0].block_id


def test_forged_signatures_never_reach_an_engine() -> None:
    cluster = started()
    Stage(cluster).do("behave 3 forger 1000")
    cluster.submit("pay")
    assert_all_done(cluster, "pay")
    assert cluster.history.probes["forgery-dropped"] > 0


class Sealing:
    """Replica 3 says nothing but that its value is decided, and seals it alone."""

    def say(self, _receiver: int, _message: Any) -> Iterator[tuple[int, Any]]:
        value = b"3/1: mine"
        commit = Signed(3, Commit(0, 1, compute_digest(value)))
        decision = Decision(1, (value,), CommitSeal((commit,)))
        yield 0, sign_message(decision, make_sign(3))

    def hear(self, _sender: int, _message: Any) -> tuple[()]:
        return ()


def test_a_decision_sealed_by_a_liar_alone_convinces_nobody() -> None:
    cluster = started()
    cluster.behave(3, Sealing())
    cluster.submit("pay")
    assert_all_done(cluster, "pay")
    assert cluster.hosts[0].refusals["bad-seal"] > 0


def test_a_wiped_replica_does_not_break_what_it_promised() -> None:
    """It prepared, all journals but its own are intact, and it comes back with nothing."""
    cluster = started(checkpoint_interval=2, window=4, pipeline=1)
    cluster.links.filters.append(lambda _a, _b, m: not is_body(m, Commit))
    cluster.submit("pay")
    cluster.run(30)
    cluster.crash(1)
    cluster.wipe(1, journal_only=True)
    cluster.restart(1)
    cluster.links.heal()
    assert cluster.trace is not None
    said_before = len(cluster.trace.entries)
    for number in range(4):
        cluster.submit(f"item{number}")
        cluster.run(30)
    later = cluster.trace.entries[said_before:]
    mine = [entry for entry in later if entry.place == 1 and entry.kind == "send"]
    assert {entry.name for entry in mine} <= {"Standing", "Ask", "Returning"}
    for number in range(4, 12):
        cluster.submit(f"item{number}")
        assert cluster.run_until(cluster.are_at_rest, 10_000)
    assert cluster.spec.account(cluster.hosts[1].engine).phase == "normal"


def test_view_changes_carry_at_most_a_window_of_certificates() -> None:
    cluster = started(checkpoint_interval=4, window=8)
    for number in range(30):
        cluster.submit(f"item{number}")
        cluster.run(12)
    cluster.crash(0)
    cluster.submit("last")
    sizes: list[int] = []

    def measure(_a: int, _b: int, message: Any) -> bool:
        if is_body(message, ViewChange):
            sizes.append(len(message.body.prepared))
        return True

    cluster.links.filters.append(measure)
    assert cluster.run_until(lambda: cluster.have_executed("last"), 10_000)
    assert sizes
    assert max(sizes) <= 8


def test_journals_stay_short() -> None:
    cluster = started()
    for number in range(200):
        cluster.submit(f"item{number}")
        cluster.run(12)
    assert_all_done(cluster)
    assert all(len(host.journal.records) < 40 for host in cluster.hosts.values())
    assert all(len(h.engine.replica.slots) < 40 for h in cluster.correct)  # type: ignore[union-attr]


def test_work_known_to_one_backup_alone_is_done_once_gossip_brings_it_to_the_primary() -> None:
    cluster = started()
    cluster.submit("pay", to=[2])
    cluster.run(300)
    assert cluster.heights() == (0, 0, 0, 0)
    cluster.submit("pay")
    assert_all_done(cluster, "pay")


@pytest.mark.parametrize("is_primary_dead", [False, True])
def test_capped_timeouts_stand_the_largest_delay_that_the_catalog_names(
    is_primary_dead: bool,
) -> None:
    parameters = {**FAST, "timeout_ms": 300, "timeout_max_ms": 2_400}
    cluster = make_cluster(parameters=parameters)
    delay_ms = cluster.spec.model.largest_delay_ms(cluster.hosts[0].parameters)
    assert delay_ms == 400
    cluster.links.quality = Quality(delay_ms, delay_ms)
    cluster.start()
    if is_primary_dead:
        cluster.crash(0)
    for item in ("first", "second", "third"):
        cluster.submit(item)
        assert cluster.run_until(lambda item=item: cluster.have_executed(item), 60_000)  # type: ignore[misc]


def test_a_busy_network_heals_who_missed_the_new_view() -> None:
    cluster = started()
    cluster.links.filters.append(lambda _a, b, m: b != 3 or not is_body(m, NewView))
    cluster.hosts[0].habits.answers_requests = False
    cluster.submit("first")
    assert cluster.run_until(lambda: "first" in cluster.hosts[1].application.executed, 5_000)
    for number in range(40):
        cluster.submit(f"item{number}")
        cluster.run(15)
    assert cluster.hosts[3].engine.replica.phase.value == "view-change"  # type: ignore[union-attr]
    cluster.links.heal()
    for number in range(40, 100):
        cluster.submit(f"item{number}")
        cluster.run(15)
    assert cluster.spec.account(cluster.hosts[3].engine).phase == "normal"
    assert_all_done(cluster)


def test_a_busy_network_answers_an_observer_that_nobody_heard_at_first() -> None:
    cluster = started(checkpoint_interval=2, window=4)
    cluster.submit("first")
    cluster.run(100)
    cluster.crash(3)
    cluster.links.filters.append(lambda a, _b, m: a != 3)
    cluster.wipe(3, journal_only=True)
    cluster.restart(3)
    cluster.run(50)
    cluster.links.heal()
    for number in range(60):
        cluster.submit(f"item{number}")
        cluster.run(15)
    assert cluster.spec.account(cluster.hosts[3].engine).phase == "normal"
