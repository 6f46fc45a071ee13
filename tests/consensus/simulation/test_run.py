"""One seed: what is drawn, what is refused, and that nothing but the seed decides."""

import pytest

from consensus import catalog
from consensus.errors import BoundError, ConsensusError, ParameterError, UnknownEngineError
from consensus.simulation.features import FEATURES, GROUPS, choose_features
from consensus.simulation.request import Request, WorldKind
from consensus.simulation.run import check_request, expected_probes, run_seed, trace_schedule
from consensus.simulation.schedule import Schedule, play_schedule
from consensus.simulation.swarm import draw_schedule
from consensus.simulation.words import ScenarioError
from tests.consensus.simulation import listening


def test_a_run_is_a_function_of_its_seed() -> None:
    request = Request(duration_ms=2_000)
    assert run_seed(request, 3) == run_seed(request, 3)
    assert run_seed(request, 3).digest != run_seed(request, 4).digest


def test_a_traced_run_is_the_same_run() -> None:
    request = Request(duration_ms=2_000)
    outcome, trace = trace_schedule(draw_schedule(request, 9), 9)
    assert outcome == run_seed(request, 9)
    assert len(trace.entries) > 100


def test_what_a_campaign_expects_is_what_runs_count() -> None:
    names = set(expected_probes(Request()))
    assert {"view-skipped", "certificate-carried", "torn-tail-cut", "behaved-silent"} <= names
    counted = {name for seed in range(12) for name in run_seed(Request(), seed).probes}
    assert len(names & counted) > 20
    assert not [name for name in names | counted if "_" in name]


def test_a_storm_keeps_to_the_features_asked_for() -> None:
    for seed in range(20):
        schedule = draw_schedule(Request(faults=("crash",)), seed)
        verbs = {command.split()[0] for _, command in schedule.actions}
        allowed = {"load", "crash", "fuse", "restart", "resume", "heal", "core", "demand"}
        assert verbs <= allowed, verbs - allowed


def test_a_synchronous_storm_has_no_late_messages() -> None:
    for seed in range(20):
        schedule = draw_schedule(Request(timing=WorldKind.SYNCHRONOUS), seed)
        words = " ".join(command for _, command in schedule.actions)
        assert not {"partition", "clog", "pause", "oneway", "starve"} & set(words.split())
        assert "loss=0" in words


def test_an_asynchronous_storm_demands_no_progress() -> None:
    for seed in range(10):
        schedule = draw_schedule(Request(timing=WorldKind.ASYNCHRONOUS), seed)
        assert not [command for _, command in schedule.actions if command.startswith("demand")]


def test_never_more_than_f_are_faulty_inside_the_bound() -> None:
    """Liars, lost disks, and whoever is outside the core, all together."""
    for nodes, faults in ((4, 1), (7, 2)):
        for seed in range(150):
            liars, wiped, core = set(), set(), set(range(nodes))
            for _, command in draw_schedule(Request(nodes=nodes), seed).actions:
                verb, *words = command.split()
                if verb in {"behave", "twin", "split", "censor"}:
                    liars.add(int(words[0]))
                if verb == "wipe":
                    wiped.add(int(words[0]))
                if verb == "core":
                    core = {int(word) for word in words if "=" not in word}
            assert len(liars | wiped) <= faults
            assert len(liars | (set(range(nodes)) - core)) <= faults
            assert not liars & core


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (Request(engine="raft"), UnknownEngineError),
        (Request(nodes=4, f=2), BoundError),
        (Request(nodes=4, faulty=2), BoundError),
        (Request(nodes=4, faulty=9, beyond_bound=True), ScenarioError),
        (Request(nodes=0, f=9), BoundError),
        (Request(nodes=0, faulty=2), BoundError),
        (Request(nodes=-1), ScenarioError),
        (Request(nodes=10_000), ScenarioError),
        (Request(faults=("gremlins",)), ScenarioError),
        (Request(application="chess"), ScenarioError),
        (Request(duration_ms=0), ScenarioError),
        (Request(parameters={"patience": 3}), ParameterError),
    ],
)
def test_what_cannot_be_run_is_refused_before_it_starts(
    request_: Request, error: type[ConsensusError]
) -> None:
    with pytest.raises(error):
        check_request(request_)


def test_detectors_lie_only_to_engines_that_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    listening.enter_catalog(monkeypatch)
    asked = {engine: Request(engine, faults=("detector",)) for engine in catalog.names()}
    assert expected_probes(asked["pbft"]) == expected_probes(asked["pow"]) == ()
    assert expected_probes(asked["listener"]) == ("falsely-suspected", "falsely-trusted")
    lies = {engine: find_lies(request) for engine, request in asked.items()}
    assert lies["pbft"] == lies["pow"] == set()
    assert lies["listener"] == {"suspect", "trust"}
    assert find_lies(Request("pbft")) == set()
    assert find_lies(Request("listener", timing=WorldKind.SYNCHRONOUS)) == set()


def find_lies(request: Request) -> set[str]:
    """What is done to detectors in some storms of a campaign."""
    commands = (c for seed in range(20) for _, c in draw_schedule(request, seed).actions)
    return {command.split()[0] for command in commands} & {"suspect", "trust"}


def test_storms_meet_detectors_that_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    listening.enter_catalog(monkeypatch)
    faults = ("detector", "crash-recovery", "network", "timing")
    request = Request("listener", timing=WorldKind.ASYNCHRONOUS, faults=faults)
    outcomes = [run_seed(request, seed) for seed in range(20)]
    assert outcomes[3] == run_seed(request, 3)
    assert not [outcome for outcome in outcomes if outcome.violation]
    for probe in ("falsely-suspected", "falsely-trusted"):
        assert sum(outcome.probes.get(probe, 0) for outcome in outcomes) > 0


def test_features_and_groups() -> None:
    assert set(FEATURES) == {name for group in GROUPS.values() for name in group}
    assert choose_features(["crash", "loss"], lies=True) == {*GROUPS["crash"], "loss"}
    assert choose_features([], lies=False).isdisjoint(GROUPS["byzantine"])


@pytest.mark.parametrize("engine", catalog.names())
def test_ten_hosts_that_fail_in_no_way_decide_all(engine: str) -> None:
    schedule = Schedule(
        f"cluster {engine} n=10 seed=1 delay=1..20",
        ((0, "load 10"), (1_000, "load 0"), (1_000, "demand 30000 0 1 2 3 4 5 6 7 8 9")),
    )
    played = play_schedule(schedule)
    assert played.violation is None
    assert played.cluster.have_executed(*(f"w{number}" for number in range(1, 10)))
