"""Reads in simulated runs: fresh answers pass, stale, late and missing ones are caught."""

from collections.abc import Callable

import pytest

from consensus import catalog
from consensus.simulation import reading
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.request import Request
from consensus.simulation.run import expected_probes, run_seed
from consensus.simulation.scenario import play
from consensus.simulation.stage import Stage
from consensus.simulation.swarm import draw_schedule
from consensus.simulation.words import ScenarioError
from tests.consensus.simulation.dictator import Boastful, Dictator, Hasty, Mute, make_spec

Install = Callable[[type[Dictator]], None]
STORM = Request("dictator", 4, faults=("duplication", "slow-host", "reordering"), duration_ms=2_000)
SEEDS = range(6)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    def put(kind: type[Dictator]) -> None:
        monkeypatch.setitem(catalog._ENGINES, "dictator", make_spec(kind))

    return put


def started(followers: int = 0) -> Cluster:
    cluster = make_cluster("dictator", 4, followers=followers)
    cluster.start()
    return cluster


def test_storms_of_an_engine_that_answers_well_pass(install: Install) -> None:
    install(Dictator)
    outcomes = [run_seed(STORM, seed) for seed in SEEDS]
    assert [outcome.violation for outcome in outcomes] == [None] * len(SEEDS)
    probes = {name for outcome in outcomes for name in outcome.probes}
    assert {"read-answered", "read-waited"} <= probes
    assert "read-answered" in expected_probes(STORM)
    assert run_seed(STORM, 1).digest == outcomes[1].digest


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Hasty, "reads-are-fresh"),
        (Mute, "reads-are-answered"),
        (Boastful, "reads-are-answered"),
    ],
)
def test_storms_catch_who_answers_badly(install: Install, kind: type[Dictator], name: str) -> None:
    install(kind)
    violations = [run_seed(STORM, seed).violation for seed in SEEDS]
    assert name in {violation.property for violation in violations if violation}


def test_storms_of_engines_without_reads_have_none() -> None:
    for engine in ("pbft", "pow"):
        words = [command for _, command in draw_schedule(Request(engine), 1).actions]
        assert not [word for word in words if word.startswith("read")]
        assert "read-answered" not in expected_probes(Request(engine))


def test_an_answer_counts_from_the_question(install: Install) -> None:
    install(Hasty)
    cluster = started()
    cluster.submit("a")
    assert cluster.run_until(lambda: cluster.history.reached == 1, 1_000)
    behind = next(host for host in cluster.hosts.values() if host.height == 0)
    with pytest.raises(ViolationError, match=r"^reads-are-fresh: host \d answers .* height 0, tho"):
        reading.ask(behind)


def test_what_is_decided_counts_before_it_is_executed(install: Install) -> None:
    install(Dictator)
    cluster = started()
    cluster.hosts[0].habits.apply_ms = 50
    cluster.submit("a", [0])
    assert cluster.history.reached == 1
    assert cluster.hosts[0].height == 0
    ticket = reading.ask(cluster.hosts[0])
    assert cluster.hosts[0].reads.answers == {ticket: 1}
    assert not reading.is_served(cluster.hosts[0], ticket)
    cluster.run(50)
    assert reading.is_served(cluster.hosts[0], ticket)


def test_a_crash_ends_reads_and_their_numbers_go_on(install: Install) -> None:
    install(Dictator)
    cluster = started()
    first = reading.ask(cluster.hosts[1])
    cluster.crash(1)
    cluster.restart(1)
    assert reading.ask(cluster.hosts[1]) > first
    cluster.run(100)
    assert list(cluster.hosts[1].reads.answers) == [first + 1]
    assert cluster.history.probes["read-answered"] == 1


def test_only_voters_that_are_up_are_asked(install: Install) -> None:
    install(Dictator)
    cluster = started(followers=1)
    cluster.crash(2)
    assert [place for place, host in cluster.hosts.items() if reading.can_read(host)] == [0, 1, 3]
    assert not reading.can_read(make_cluster("pbft").hosts[0])


def test_a_scenario_reads_and_shows_the_height(install: Install) -> None:
    install(Dictator)
    text = "cluster dictator n=3\n\nsubmit a\nread 100 0 1\ncrash 2\nread 30 1 2\n----\n"
    printed = play(text).splitlines()
    assert "read after 10 ms: 0 at 1, 1 at 1" in printed
    assert "read after 30 ms: 1 at 1, 2 not answered" in printed
    assert any("readable" in line and line.endswith("at 1") for line in printed)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("reads 1001", "at most 1000 reads"),
        ("reads x", "not a number"),
        ("read 10 9", "no host at address 9"),
    ],
)
def test_bad_words(install: Install, line: str, complaint: str) -> None:
    install(Dictator)
    with pytest.raises(ScenarioError, match=complaint):
        Stage(started()).do(line)


@pytest.mark.parametrize("line", ["read 10 0", "reads 5"])
def test_engines_without_reads_refuse_the_words(line: str) -> None:
    cluster = make_cluster("pbft")
    cluster.start()
    with pytest.raises(ScenarioError, match="pbft answers no reads"):
        Stage(cluster).do(line)


def test_random_reads_end_when_told(install: Install) -> None:
    install(Dictator)
    cluster = started()
    stage = Stage(cluster)
    stage.do("reads 100")
    cluster.run(1_000)
    count = sum(host.reads.tickets for host in cluster.hosts.values())
    assert 60 < count < 160
    stage.do("reads 0")
    cluster.run(1_000)
    assert sum(host.reads.tickets for host in cluster.hosts.values()) == count


def test_a_deposed_leader_is_cut_off_and_read_at(install: Install) -> None:
    install(Dictator)
    cluster = started()
    Stage(cluster).do("depose 100")
    assert cluster.history.probes["leader-deposed"] == 1
    cluster.submit("a")
    cluster.run(99)
    assert (cluster.hosts[0].height, cluster.hosts[1].height) == (1, 0)
    assert cluster.hosts[0].reads.tickets == 10
    cluster.run(50)
    assert (cluster.hosts[0].reads.tickets, cluster.hosts[1].height) == (10, 1)


def test_where_nobody_leads_nobody_is_deposed(install: Install) -> None:
    install(Dictator)
    cluster = started()
    cluster.crash(0)
    Stage(cluster).do("depose 100")
    assert not cluster.history.probes["leader-deposed"]
    assert not cluster.links.clogged
