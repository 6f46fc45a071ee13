"""A chain of agreements orders, rests, restarts and catches up, whatever the agreement."""

import pytest

from consensus.chaining.messages import At, Lack, Lost, Noted
from consensus.chaining.refusals import Refusal
from consensus.committee import Committee
from consensus.effects import Ignore, Persist, Request, Send
from consensus.engine import step
from consensus.events import Elapsed, Pending, Proposed, Received, Started, Tossed
from consensus.paxos.ballot import Ballot
from consensus.paxos.messages import Nack, Prepare
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.request import Request as StormRequest
from consensus.simulation.run import run_seed
from tests.consensus.chaining.single_chain import NAME, SPEC, Parameters


def start(seed: int = 0) -> Cluster:
    cluster = make_cluster(NAME, 3, seed=seed)
    cluster.start()
    return cluster


def work(cluster: Cluster, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        cluster.submit(f"item{number}")
        cluster.run(20)


def is_done(cluster: Cluster, count: int) -> bool:
    return all(len(host.application.executed) == count for host in cluster.hosts.values())


def test_it_orders_everything_and_comes_to_rest_certified() -> None:
    cluster = start()
    work(cluster, 30)
    cluster.run(5_000)
    assert is_done(cluster, 30)
    heights = {host.height for host in cluster.hosts.values()}
    assert len(heights) == 1
    height = heights.pop()
    assert height % Parameters().checkpoint_interval == 0
    assert all(max(h.application.certificates) == height for h in cluster.hosts.values())
    sent = cluster.sent.total()
    cluster.run(60_000)
    assert cluster.sent.total() == sent


def test_who_was_down_takes_what_it_missed() -> None:
    cluster = start()
    cluster.crash(2)
    work(cluster, 60)
    cluster.run(2_000)
    cluster.hosts[2].start()
    work(cluster, 5, first=60)
    assert cluster.run_until(lambda: is_done(cluster, 65), 20_000)
    assert SPEC.account(cluster.hosts[2].engine).counters["offered_adopted"] > 0


@pytest.mark.parametrize("seed", range(6))
def test_all_crash_and_stand_up_from_what_they_wrote(seed: int) -> None:
    cluster = start(seed=seed)
    for number in range(12):
        cluster.submit(f"item{number}")
        cluster.run(7 + 11 * seed)
        cluster.crash(number % 3)
        cluster.run(30)
        cluster.hosts[number % 3].start()
    assert cluster.run_until(lambda: is_done(cluster, 12), 60_000)


def test_storms_break_nothing() -> None:
    request = StormRequest(nodes=3, engine=NAME)
    outcomes = [run_seed(request, seed) for seed in range(40)]
    assert [o.violation for o in outcomes if o.violation] == []
    assert sum(o.probes.get("reopened", 0) for o in outcomes) > 50
    assert sum(o.probes.get("observing", 0) for o in outcomes) > 5


def test_a_lost_journal_only_learns() -> None:
    engine = SPEC.create(0, Committee.of(3, 1), Parameters())
    effects = step(engine, Started((), 5, bytes(32), Committee.of(3, 1), fresh=False))
    assert any(getattr(effect, "record", None) == Lost() for effect in effects)
    answers = step(engine, Received(1, At(6, Prepare(Ballot(1, 1), 1))))
    assert Ignore(At(6, Prepare(Ballot(1, 1), 1)), Refusal.NOT_VOTING) in answers


def test_others_make_it_ask_for_a_value_at_once() -> None:
    engine = SPEC.create(0, Committee.of(3, 1), Parameters())
    first = step(engine, Started((), 0, bytes(32), Committee.of(3, 1)))
    assert Request(1, ()) in first
    called = step(engine, Received(1, At(1, Prepare(Ballot(1, 1), 1))))
    assert Request(1, (), required=True) in called
    assert not [e for e in step(engine, Pending(some=True)) if isinstance(e, Request)]


def test_what_belongs_to_no_instance_is_refused() -> None:
    engine = SPEC.create(0, Committee.of(3, 1), Parameters())
    step(engine, Started((), 7, bytes(32), Committee.of(3, 1)))
    far = At(7 + Parameters().window + 1, Prepare(Ballot(1, 1), 1))
    assert Ignore(far, Refusal.BEYOND_WINDOW) in step(engine, Received(1, far))
    old = At(7, Prepare(Ballot(1, 1), 1))
    assert Ignore(old, Refusal.DECIDED) in step(engine, Received(1, old))
    assert [type(e) for e in step(engine, Received(9, Lack(0, 0)))] == [Ignore]
    for event in (Tossed((5, 1), 1), Elapsed(("at", 3, "retry")), Proposed(4, b"x")):
        assert [type(effect) for effect in step(engine, event)] == [Ignore]


def test_a_restart_keeps_what_was_written() -> None:
    committee = Committee.of(3, 1)
    engine = SPEC.create(0, committee, Parameters())
    step(engine, Started((), 0, bytes(32), committee))
    effects = step(engine, Received(1, At(1, Prepare(Ballot(4, 1), 1))))
    written = [effect.record for effect in effects if isinstance(effect, Persist)]
    records = tuple(record for record in written if isinstance(record, Noted))
    again = SPEC.create(0, committee, Parameters())
    step(again, Started(records, 0, bytes(32), committee))
    lower = step(again, Received(2, At(1, Prepare(Ballot(3, 2), 1))))
    (answer,) = [effect for effect in lower if isinstance(effect, Send)]
    assert answer == Send(2, At(1, Nack(Ballot(3, 2), Ballot(4, 1))))
