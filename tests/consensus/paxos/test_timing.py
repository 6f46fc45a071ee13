"""Which timers run, when, and how patient they are."""

import pytest

from consensus import catalog
from consensus.effects import CancelTimer, SetTimer
from consensus.errors import ParameterError
from consensus.events import Suspected
from consensus.paxos.parameters import (
    DELAYS_OF_AN_ELECTION,
    RESTLESS,
    Parameters,
    compute_largest_delay_ms,
    compute_patience_ms,
    compute_silence_ms,
)
from consensus.paxos.timing import compute_election_ms, compute_look_ms, compute_resend_ms
from tests.consensus.paxos.bench import FIRST, make_bench, of_type, restart

PAXOS = catalog.get("paxos")


@pytest.mark.parametrize(("me", "timers"), [(0, {"beat", "silence"}), (1, {"silence"})])
def test_at_rest_only_the_pulse_runs(me: int, timers: set[str]) -> None:
    assert make_bench(me).timers == timers


def test_one_alone_needs_no_pulse() -> None:
    assert make_bench(0, size=1).timers == set()


def test_a_restarted_voter_looks_for_a_leader() -> None:
    bench, _ = restart(1, *[])
    assert "election" not in bench.timers
    follower = make_bench(None)
    assert follower.timers == set()


def test_a_timer_that_is_not_wanted_any_more_is_cancelled() -> None:
    bench = make_bench(1)
    bench.feed(Suspected(0))
    assert CancelTimer(("election",)) in bench.follow(FIRST)


def test_a_timer_that_was_never_set_changes_nothing() -> None:
    bench = make_bench(1)
    for name in ("election", "beat", "learn", "idle", "resend", "other"):
        assert bench.elapse(name) == []


def test_timers_are_set_once() -> None:
    bench = make_bench(0)
    bench.pending()
    assert not of_type(bench.pending(), SetTimer)


def test_patience_is_doubled_and_capped() -> None:
    replica = make_bench(1, election_ms=100, election_max_ms=450, silence_ms=300).replica
    told = []
    for failures in (0, 1, 2, 3, 200):
        replica.clock.failures = failures
        told.append((compute_election_ms(replica), compute_look_ms(replica)))
    assert told == [(100, 300), (200, 450), (400, 450), (450, 450), (450, 450)]


def test_repetitions_are_capped() -> None:
    replica = make_bench(1, resend_ms=100).replica
    replica.clock.resends = 50
    assert compute_resend_ms(replica) == 800


def test_what_the_parameters_say_of_themselves() -> None:
    parameters = Parameters()
    assert compute_patience_ms(parameters) == compute_silence_ms(parameters) == 500
    assert compute_largest_delay_ms(parameters) == 4_800 // DELAYS_OF_AN_ELECTION
    assert PAXOS.compute_silence_ms(parameters) == 500


@pytest.mark.parametrize("mapping", RESTLESS)
def test_what_storms_draw_can_be_had(mapping: dict[str, int]) -> None:
    parameters = catalog.parse_parameters(PAXOS, mapping)
    assert compute_largest_delay_ms(parameters) >= 300


@pytest.mark.parametrize(
    "mapping",
    [
        {"silence_ms": 199},
        {"election_max_ms": 149},
        {"pipeline": 33},
        {"window": 7},
        {"window": 1},
        {"heartbeat_ms": 1},
        {"heartbeat_ms": True},
        {"resend_ms": 1},
        {"nonsense": 1},
    ],
)
def test_parameters_that_contradict_themselves_are_refused(mapping: dict[str, int]) -> None:
    with pytest.raises(ParameterError):
        catalog.parse_parameters(PAXOS, mapping)
