import pytest

from consensus.simulation.request import Request
from consensus.simulation.schedule import Schedule
from consensus.simulation.trace_file import read_trace
from node.simulation.single import Single, read_seed, run_schedule, run_single
from node.simulation.worker import run

SHORT = Request(duration_ms=300)
LIARS = Schedule(
    "cluster pbft n=4 seed=3",
    ((0, "behave 2 silent"), (0, "twin 1"), (5, "submit a"), (6, "run 200")),
)


@pytest.fixture(scope="module")
def single() -> Single:
    """Seed 3."""
    return run_single(SHORT, 3, "quorate …")


@pytest.mark.parametrize("application", ["bare", "ledger"])
def test_writing_everything_down_changes_nothing(application: str) -> None:
    request = Request(duration_ms=300, application=application)
    assert run_single(request, 3, "").outcome == run(request, 3)


def test_the_text_holds_what_happened(single: Single) -> None:
    header, entries = read_trace(single.to_text())
    assert header == single.header
    assert entries == single.trace.entries
    assert (header.engine, header.seed, header.nodes, header.command) == ("pbft", 3, 4, "quorate …")


def test_the_diagram_stands_alone(single: Single) -> None:
    page = single.draw(None)
    assert "<svg" in page
    assert "http-equiv" not in page or "refresh" not in page
    assert len(single.draw((0, 50))) < len(page)


def test_liars_and_twins_are_in_the_header() -> None:
    header = run_schedule(LIARS, 3, "").header
    assert header.nodes == 4
    assert 2 in header.liars
    assert header.replicas == (0, 1, 2, 3, 1)


def test_a_schedule_brings_its_own_engine_size_and_application() -> None:
    schedule = Schedule("cluster pbft n=5 seed=9", ((0, "submit a"), (1, "run 300")), "ledger")
    found = run_schedule(schedule, read_seed(schedule), "")
    request = found.describe(Request(nodes=4))
    assert (request.engine, request.nodes, request.application) == ("pbft", 5, "ledger")
    assert found.outcome.seed == found.header.seed == 9
    assert found.outcome.decided > 0


def test_a_cluster_line_without_a_seed() -> None:
    assert read_seed(Schedule("cluster pbft n=4", ())) == 0
