"""The simulator itself: chance, links, timers, crashes, and hosts faithful to the contract."""

from collections import Counter
from typing import Any

import pytest

from consensus.effects import Decide, Persist, Rewrite
from consensus.message import Signed
from consensus.pbft.messages import Checkpoint, Commit, Prepare
from consensus.simulation.chance import Chance
from consensus.simulation.checkers import ViolationError, check_vote
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.links import Links, Quality
from consensus.simulation.signatures import is_genuine, make_sign
from consensus.simulation.swarm import Storm, run_storm
from consensus.simulation.trace import Trace
from consensus.simulation.work import is_valid, items_of, make_value


def test_chance_is_a_function_of_its_seed() -> None:
    one, two, other = Chance(1), Chance(1), Chance(2)
    drawn = [one.below(1_000) for _ in range(50)]
    assert drawn == [two.below(1_000) for _ in range(50)]
    assert drawn != [other.below(1_000) for _ in range(50)]


def test_chance_is_spread_evenly() -> None:
    chance = Chance(7)
    counts = Counter(chance.below(4) for _ in range(4_000))
    assert all(900 < counts[side] < 1_100 for side in range(4))
    assert {chance.between(3, 5) for _ in range(100)} == {3, 4, 5}
    assert chance.choose("x") == "x"
    assert not any(Chance(1).happens(0) for _ in range(100))
    assert sum(chance.happens(250) for _ in range(4_000)) in range(880, 1_120)


def test_links_lose_duplicate_and_delay() -> None:
    links = Links(Chance(1), Quality(3, 9, loss_permille=200, duplicates_permille=300))
    copies = [links.draw_delays_ms(0, 1, None) for _ in range(2_000)]
    counts = Counter(len(delays) for delays in copies)
    assert 320 < counts[0] < 480
    assert 400 < counts[2] < 560
    assert {delay for delays in copies for delay in delays} == set(range(3, 10))


def test_partitions_and_filters() -> None:
    links = Links(Chance(1))
    links.partition({0, 1}, {2})
    assert links.draw_delays_ms(0, 1, None)
    assert not links.draw_delays_ms(0, 2, None)
    assert not links.is_connected(0, 3)
    links.heal()
    links.filters.append(lambda a, b, _m: (a, b) != (0, 2))
    assert not links.draw_delays_ms(0, 2, None)
    assert links.draw_delays_ms(2, 0, None)


def test_only_the_signer_can_sign() -> None:
    vote = Signed(1, Prepare(0, 1, bytes(32)))
    body = b"".join(part.body for part in vote.signed_parts())
    assert is_genuine(Signed(1, vote.body, make_sign(1)(body)))
    assert not is_genuine(Signed(1, vote.body, make_sign(2)(body)))
    assert not is_genuine(vote)


def test_values_are_lines_of_text() -> None:
    value = make_value(2, 7, ["a", "b"])
    assert value == b"2/7: a b"
    assert items_of(value) == ["a", "b"]
    assert items_of(b"\xff") == []
    assert is_valid(value)
    assert not is_valid(make_value(2, 7, ["!a"]))


def test_a_run_is_a_function_of_its_seed() -> None:
    short = Storm(duration_ms=3_000)
    assert run_storm(3, short) == run_storm(3, short)


def started(**changes: Any) -> Cluster:
    cluster = make_cluster(**changes)
    cluster.start()
    return cluster


def test_a_fuse_burns_between_a_write_and_what_follows() -> None:
    cluster = started()
    cluster.hosts[1].fuse = 1
    cluster.submit("pay")
    cluster.run(100)
    mine = [line for line in cluster.trace.lines if line.name == 1]
    assert mine[-2].kind == "Persist"
    assert mine[-1].text == "crashes"
    assert len(cluster.hosts[1].disk.records) == 1
    assert not [line for line in mine if line.message == "Prepare"]


def test_a_crash_forgets_timers_and_what_was_on_its_way_inside() -> None:
    cluster = started()
    cluster.submit("pay")
    cluster.run(2)
    cluster.crash(1)
    cluster.run(5_000)
    assert not [k for k in cluster.timers if k[0] == 1]
    assert not [line for line in cluster.trace.lines if line.name == 1 and line.at_ms > 2]


def test_a_timer_that_is_set_again_elapses_once() -> None:
    cluster = started()
    host = cluster.hosts[0]
    cluster.start_timer(host, ("resend",), 10)
    cluster.start_timer(host, ("resend",), 30)
    cluster.start_timer(host, ("other",), 5)
    cluster.stop_timer(host, ("other",))
    cluster.run(100)
    elapsed = [line.at_ms for line in cluster.trace.lines if line.text.endswith("ran out")]
    assert elapsed == [30]


def test_an_invalid_item_is_never_executed() -> None:
    cluster = started(parameters={"timeout_ms": 300, "idle_block_ms": 100})
    cluster.submit("!bad", to=[0])
    cluster.submit("good", to=[1, 2, 3])
    assert cluster.run_until(lambda: cluster.have_executed("good"), 20_000)
    assert not any("!bad" in host.executed for host in cluster.correct)


def execute(cluster: Cluster, name: int, value: bytes) -> None:
    """A host executes a value at the next height, whatever its engine thinks."""
    host = cluster.hosts[name]
    host.execute(Decide(host.disk.height + 1, (value,), None))


def test_disagreement_is_noticed() -> None:
    cluster = started()
    execute(cluster, 0, b"0/1: a")
    execute(cluster, 2, b"0/1: a")
    with pytest.raises(ViolationError, match="disagrees by height 1"):
        execute(cluster, 1, b"0/1: b")


def test_also_with_a_host_that_is_gone() -> None:
    cluster = started()
    cluster.hosts[0].habits.loses_unsynced = True
    execute(cluster, 0, b"0/1: a")
    cluster.crash(0)
    assert cluster.hosts[0].disk.height == 0
    with pytest.raises(ViolationError, match="disagrees by height 1"):
        execute(cluster, 1, b"0/1: b")


def test_a_masked_host_may_disagree() -> None:
    cluster = started()
    cluster.masks[1] = lambda _receiver, message: (message,)
    execute(cluster, 0, b"0/1: a")
    execute(cluster, 1, b"0/1: b")


def test_two_votes_of_one_kind_are_noticed() -> None:
    said: dict[tuple[Any, ...], Any] = {}
    check_vote(said, Signed(1, Commit(0, 1, bytes(32))))
    check_vote(said, Signed(1, Prepare(0, 1, bytes(32))))
    check_vote(said, Signed(1, Commit(0, 1, bytes(32))))
    check_vote(said, Signed(2, Commit(0, 1, b"x" * 32)))
    check_vote(said, Signed(1, Checkpoint(8, bytes(32))))
    with pytest.raises(ViolationError, match="replica 1 signed two"):
        check_vote(said, Signed(1, Commit(0, 1, b"x" * 32)))


def test_the_journal_is_what_was_persisted_or_rewritten() -> None:
    cluster = started(parameters={"checkpoint_interval": 2, "window": 4})
    cluster.submit("pay")
    expected: list[Any] = []
    host = cluster.hosts[2]

    class Spy(Trace):
        def note_effect(self, now_ms: int, name: int, effect: Any) -> None:
            if name == 2 and isinstance(effect, Persist):
                expected.append(effect.record)
            if name == 2 and isinstance(effect, Rewrite):
                expected[:] = effect.records
            super().note_effect(now_ms, name, effect)

    cluster.trace = Spy()
    assert cluster.run_until(cluster.are_at_rest, 20_000)
    assert host.disk.records == expected
    assert host.writes > len(expected)
