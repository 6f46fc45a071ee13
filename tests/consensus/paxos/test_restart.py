"""Standing up again: nothing promised is forgotten, no ballot is used twice, a lost journal is said."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from consensus.effects import Broadcast, Effect, Persist, Rewrite, Send
from consensus.engine import clone
from consensus.events import Started, Suspected
from consensus.paxos.ballot import Ballot
from consensus.paxos.journal import durable_records
from consensus.paxos.messages import (
    Accept,
    Accepted,
    Canvass,
    Checkpoint,
    Lost,
    Nack,
    Prepare,
    Promise,
    Promised,
)
from consensus.paxos.refusals import Refusal
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.host import FUSES
from tests.consensus.paxos.bench import (
    FIRST,
    Bench,
    accept,
    block_id_of,
    certificate,
    entry,
    make_bench,
    refusals,
    restart,
    said,
    start_event,
    written,
)

SECOND = Ballot(1, 2)
PARAMETERS = {
    "heartbeat_ms": 40,
    "silence_ms": 120,
    "election_ms": 60,
    "election_max_ms": 1_200,
    "idle_block_ms": 60,
    "resend_ms": 60,
    "checkpoint_interval": 2,
    "window": 8,
}


def test_a_new_network_begins_with_a_promise_on_disk() -> None:
    bench = make_bench(1, start=False)
    effects = bench.feed(start_event(bench, fresh=True))
    assert written(effects) == [Promised(FIRST)]
    assert bench.replica.leader == FIRST


def test_starting_twice_is_refused() -> None:
    bench = make_bench(1)
    assert refusals(bench.feed(start_event(bench))) == [Refusal.DUPLICATE]


def test_a_promise_is_kept() -> None:
    bench, _ = restart(1, Promised(SECOND))
    assert bench.hear(0, Prepare(FIRST, 1)) == [Send(0, Nack(FIRST, SECOND))]
    assert bench.hear(0, accept(FIRST, 1, b"a"))[0] == Send(0, Nack(FIRST, SECOND))


def test_what_was_accepted_is_kept_and_told() -> None:
    bench, effects = restart(1, Promised(FIRST), entry(FIRST, 1, b"a"), entry(SECOND, 2, b"b"))
    assert not written(effects)
    assert bench.hear(0, Prepare(FIRST, 1)) == [Send(0, Nack(FIRST, SECOND))]
    [promise] = [m for m in said(bench.hear(0, Prepare(Ballot(2, 0), 1))) if type(m) is Promise]
    assert promise.entries == (entry(FIRST, 1, b"a"), entry(SECOND, 2, b"b"))


def test_later_records_count() -> None:
    bench, _ = restart(1, entry(FIRST, 1, b"a"), entry(SECOND, 1, b"b"))
    assert bench.replica.slots[1].accepted == entry(SECOND, 1, b"b")


def test_records_below_the_ledger_are_silent() -> None:
    bench, _ = restart(1, entry(FIRST, 1, b"a"), entry(FIRST, 3, b"c"), height=2)
    assert sorted(bench.replica.slots) == [3]


def test_a_restarted_leader_follows_until_it_is_elected_in_a_new_ballot() -> None:
    bench, effects = restart(0, Promised(FIRST), entry(FIRST, 1, b"a"))
    assert bench.phase == "following"
    assert not [m for m in said(effects) if isinstance(m, Accept)]
    assert said(bench.elapse("election"))[0] == Canvass(Ballot(1, 0))


def test_a_ballot_is_on_disk_before_anybody_hears_of_it() -> None:
    bench = make_bench(1)
    effects = bench.prepare()
    [prepare] = [e for e in effects if isinstance(e, Broadcast) and isinstance(e.message, Prepare)]
    assert effects.index(Persist(Promised(Ballot(1, 1)))) < effects.index(prepare)
    again, _ = restart(1, *durable_records(bench.replica))
    assert said(again.elapse("election"))[0] == Canvass(Ballot(2, 1))


def test_a_checkpoint_vote_is_said_again() -> None:
    _, effects = restart(1, Promised(FIRST), height=8)
    assert Checkpoint(8, block_id_of(8)) in said(effects)


def test_a_certificate_is_kept() -> None:
    proof = certificate(8, block_id_of(8))
    bench, effects = restart(1, proof, Promised(FIRST), height=8)
    assert bench.replica.certified == 8
    assert not [m for m in said(effects) if isinstance(m, Checkpoint)]
    assert durable_records(bench.replica) == (proof, Promised(FIRST))


def test_a_lost_journal_is_never_voted_without_again() -> None:
    bench, effects = restart(1)
    assert Rewrite((Lost(),)) in effects
    bench.feed(Suspected(0))
    assert not said(bench.elapse("election"))
    again, _ = restart(1, Lost(), height=4)
    assert again.replica.role.value == "observer"
    assert durable_records(again.replica) == (Lost(),)


def test_one_alone_has_nobody_who_could_have_believed_it() -> None:
    bench, _ = restart(0, size=1)
    assert bench.replica.role.value == "voter"


def test_who_is_no_member_follows() -> None:
    bench = make_bench(5, start=False)
    assert not said(bench.feed(Started((), 0, bytes(32), bench.committee)))
    assert bench.replica.role.value == "follower"


def test_the_journal_of_a_restart_is_the_journal() -> None:
    """Restoring loses nothing: what is rewritten is what was read."""
    bench = make_bench(1, window=8)
    for height in range(1, 5):
        bench.accept(FIRST, height, b"%d" % height)
    bench.hear(2, Prepare(SECOND, 1))
    records = durable_records(bench.replica)
    again, _ = restart(1, *records, window=8)
    assert durable_records(again.replica) == records


def prefixes(effects: list[Any]) -> Iterator[tuple[list[Any], list[Any]]]:
    """Each point at which a step's writes may stop: what is on disk, what may have been said."""
    for cut in range(len(effects) + 1):
        done = effects[:cut]
        yield [e.record for e in done if isinstance(e, Persist)], said(done)


@pytest.mark.parametrize("ballot", [Ballot(1, 0), SECOND, Ballot(5, 0)])
def test_at_every_persistence_point_what_was_said_is_known_after_a_restart(ballot: Ballot) -> None:
    """Each prefix of a step's effects: a restarted acceptor stands by all that has left."""
    bench = make_bench(1)
    base = [Promised(FIRST)]
    for event in (accept(FIRST, 1, b"a"), accept(FIRST, 2, b"b")):
        base += written(bench.hear(0, event) + bench.check(event.value))
    steps: dict[str, Callable[[Bench], list[Effect]]] = {
        "prepare": lambda b: b.hear(ballot.proposer, Prepare(ballot, 1)),
        "accept": lambda b: b.accept(ballot, 1, b"c"),
    }
    for name, step in steps.items():
        copy = make_bench(1)
        copy.engine = clone(bench.engine)
        for records, told in prefixes(step(copy)):
            again, _ = restart(1, *base, *records)
            for message in told:
                if isinstance(message, Promise):
                    assert again.replica.promised >= ballot, name
                if isinstance(message, Accepted):
                    assert again.replica.slots[1].accepted == entry(ballot, 1, b"c"), name


def run_with_fuse(place: int, number: int, where: str) -> Cluster:
    """A host crashes at its n-th write, comes back, and everybody finishes the work."""
    cluster = make_cluster("paxos", 3, seed=number, parameters=PARAMETERS)
    cluster.start()
    cluster.hosts[place].fuse = (number, where)
    for item in "abcdef":
        cluster.submit(item)
        cluster.run(25)
    cluster.run(400)
    cluster.crash(place)
    cluster.restart(place)
    assert cluster.run_until(cluster.are_at_rest, 30_000)
    return cluster


@pytest.mark.parametrize(("place", "where"), list(itertools.product((0, 1), FUSES)))
@pytest.mark.parametrize("number", range(1, 10))
def test_a_crash_at_every_write_loses_nothing(place: int, where: str, number: int) -> None:
    cluster = run_with_fuse(place, number, where)
    assert cluster.have_executed(*"abcdef")
    assert cluster.history.probes[f"crashed-{where}-write"] == 1
