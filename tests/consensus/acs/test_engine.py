"""The common subset as an engine where members lie: a slice of its storms, and what breaks beyond f."""

from typing import Any

import pytest

from consensus import catalog
from consensus.agreement import Decided, Propose, step
from consensus.benor.messages import Backed, Confirmed, Seen
from consensus.benor.mmr import Mmr
from consensus.chaining.engine import Chained
from consensus.chaining.messages import Attestation, Learned, Outcome, compute_values_digest
from consensus.committee import Committee
from consensus.effects import Broadcast
from consensus.events import Received
from consensus.message import Signed
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.request import Request
from consensus.simulation.run import run_seed

SPEC = catalog.get("acs")
STORM = Request(engine="acs", nodes=4, duration_ms=2_000)
THREE = Request(engine="acs", nodes=3, f=1, faulty=1, beyond_bound=True, duration_ms=2_000)


@pytest.mark.parametrize("seed", range(6))
def test_a_storm_breaks_nothing(seed: int) -> None:
    outcome = run_seed(STORM, seed)
    assert outcome.violation is None
    assert outcome.decided > 0


def test_a_silent_liar_stops_three_members() -> None:
    """n = 3f: n - f is no quorum of echoes, so nothing is delivered while the liar is silent."""
    cluster = make_cluster("acs", 3, faults=1)
    cluster.start()
    cluster.crash(2)
    cluster.submit("item")
    cluster.run(60_000)
    assert [host.height for host in cluster.hosts.values() if host.is_up] == [0, 0]


def test_a_campaign_of_three_with_a_liar_finds_that_nothing_moves() -> None:
    violations = [run_seed(THREE, seed).violation for seed in range(2)]
    assert {v.property for v in violations if v} == {"bounded-progress"}


def test_two_liars_of_four_split_the_others() -> None:
    """Each correct member hears from both liars what it holds, so each is alone with its value.

    With the given faces one decides in round 1, the other in round 2.
    """
    decided: dict[int, bytes] = {}

    def feed(me: int, event: Any) -> None:
        for effect in step(members[me], event):
            match effect:
                case Broadcast(word):
                    feed(me, Received(me, word))
                case Decided((value,)):
                    decided[me] = value

    members = [Mmr(me, Committee.of(4, 1), (1, 0)) for me in range(2)]
    for me, bit in enumerate((1, 0)):
        feed(me, Propose(bytes([bit])))
        for round_ in (1, 2):
            for word in (Backed(round_, bit), Seen(round_, bit), Confirmed(round_, bit)):
                for liar in (2, 3):
                    feed(me, Received(liar, word))
    assert decided == {0: b"\x01", 1: b"\x00"}


def start(size: int = 4) -> Cluster:
    cluster = make_cluster("acs", size)
    cluster.start()
    return cluster


def list_history(cluster: Cluster, place: int) -> list[Learned]:
    """The heights that a host has decided."""
    engine = cluster.hosts[place].engine
    assert isinstance(engine, Chained)
    return list(engine.chain.keeper.history.values())


def test_what_the_chain_came_to_is_proved_by_f_plus_one_members() -> None:
    cluster = start()
    cluster.submit("item")
    assert cluster.run_until(lambda: cluster.have_executed("item"), 2_000)
    learned = list_history(cluster, 0)[0]
    assert isinstance(learned.seal, Attestation)
    assert len(learned.seal.votes) == 2
    committee = Committee.of(4, 1)
    assert SPEC.judge_seal(learned.seal, 1, learned.values, committee)
    assert not SPEC.judge_seal(learned.seal, 2, learned.values, committee)
    assert not SPEC.judge_seal(learned.seal, 1, learned.values[:-1], committee)
    vote = Signed(1, Outcome(1, compute_values_digest(learned.values)), bytes(64))
    for forged in (Attestation((vote,)), Attestation((vote, vote))):
        assert not SPEC.judge_seal(forged, 1, learned.values, committee)


def test_no_timer_is_awaited_where_nothing_is_lost() -> None:
    """Seven delays of 5 ms, whatever the parameters say of repetition and of idling."""
    slow = {"idle_block_ms": 60_000, "resend_ms": 60_000}
    cluster = make_cluster("acs", 4, parameters=slow)
    cluster.start()
    cluster.submit("item")
    assert cluster.run_until(lambda: cluster.have_executed("item"), 1_000)


def test_a_value_that_no_host_finds_valid_is_left_out() -> None:
    cluster = start()
    cluster.submit("!bad", [3])
    cluster.submit("good", [0, 1, 2])
    assert cluster.run_until(lambda: cluster.have_executed("good"), 5_000)
    history = [learned for place in cluster.hosts for learned in list_history(cluster, place)]
    assert history
    assert not any(b"!bad" in value for learned in history for value in learned.values)
