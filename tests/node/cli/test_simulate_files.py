"""What `quorate simulate` reads and writes."""

from pathlib import Path

import pytest

from consensus.simulation.schedule import Schedule, load, store
from consensus.simulation.trace_file import read_trace
from tests.node.cli.conftest import Done, Quorate
from tests.node.cli.test_simulate import Simulate, simulate

__all__ = ["simulate"]

FAILING = Schedule(
    "cluster pbft n=4 seed=11 delay=1..20",
    (
        (0, "submit a"),
        (5, "quality loss=20"),
        (40, "pause 2"),
        (60, "crash 0"),
        (80, "crash 1"),
        (90, "submit b"),
        (120, "resume 2"),
        (130, "quality"),
        (300, "demand 2000 2 3"),
        (400, "crash 3"),
    ),
)
"""Two of four cannot go on alone."""

SCENARIO = """# Nobody is faulty.
cluster pbft n=4

hide send timer
submit a
run 100
heads
----
"""


@pytest.fixture
def trace_file(simulate: Simulate, tmp_path: Path) -> Path:
    """The trace of seed 3."""
    path = tmp_path / "trace.txt"
    done = simulate("--seed", "3", "--trace-file", path)
    assert done.status == 0, done.said
    assert f"wrote {path}" in done.said
    return path


@pytest.fixture
def small(quorate: Quorate, tmp_path: Path) -> tuple[Path, Path, Done]:
    """A failing run made small: schedule, scenario, and what was said."""
    folder, failing = tmp_path / "small", tmp_path / "failing.json"
    failing.write_text(store(FAILING), encoding="utf-8")
    done = quorate("simulate", "--schedule", failing, "--shrink", "--out", folder)
    (schedule,) = folder.glob("*.json")
    (scenario,) = folder.glob("*.txt")
    return schedule, scenario, done


def test_a_trace_goes_to_standard_output_alone(simulate: Simulate, trace_file: Path) -> None:
    done = simulate("--seed", "3", "--trace")
    assert done.status == 0
    assert done.output == trace_file.read_text(encoding="utf-8")
    assert "decided heights" in done.said
    header, entries = read_trace(done.output)
    assert (header.engine, header.seed, header.nodes) == ("pbft", 3, 4)
    assert (
        header.command == "quorate simulate --engine pbft --nodes 4 --duration 0.3 --seed 3 --trace"
    )
    assert len(entries) > 50


def test_with_a_file_standard_output_is_free_for_json(
    simulate: Simulate, trace_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "again.txt"
    done = simulate("--seed", "3", "--trace", "--trace-file", path, "--json")
    assert done.status == 0, done.said
    assert done.json()["seeds"] == 1
    assert path.read_bytes() == trace_file.read_bytes()


def test_the_trace_of_a_ledger(simulate: Simulate) -> None:
    done = simulate("--seed", "3", "--application", "ledger", "--trace")
    assert done.status == 0
    assert read_trace(done.output)[1]


def test_a_diagram_is_drawn_at_once_or_from_the_trace(
    simulate: Simulate, trace_file: Path, tmp_path: Path
) -> None:
    one, two, part = (tmp_path / name for name in ("1.html", "2.html", "3.html"))
    assert simulate("--seed", "3", "--diagram", one).status == 0
    assert simulate("--read-trace", trace_file, "--diagram", two).status == 0
    assert one.read_bytes() == two.read_bytes()
    window = ("--from-ms", "50", "--to-ms", "250")
    assert simulate("--seed", "3", "--diagram", part, *window).status == 0
    assert len(part.read_bytes()) < len(one.read_bytes())
    assert "<svg" in part.read_text(encoding="utf-8")


def test_a_window_in_which_nothing_happens_is_refused(simulate: Simulate, tmp_path: Path) -> None:
    path = tmp_path / "d.html"
    done = simulate("--seed", "3", "--diagram", path, "--from-ms", "99999999")
    assert done.status == 2
    assert "diagram-empty-window" in done.said
    assert not path.exists()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("quorate-trace 1 ", "quorate-trace 2 ", "trace-version"),
        ("quorate-trace", "another-trace", "trace-foreign"),
        ("end lines=", "", "trace-truncated"),
    ],
)
def test_traces_that_cannot_be_trusted(
    simulate: Simulate, trace_file: Path, tmp_path: Path, old: str, new: str, reason: str
) -> None:
    text = trace_file.read_text(encoding="utf-8")
    before, _, after = text.partition(old)
    trace_file.write_text(before + new + (after if new else ""), encoding="utf-8")
    done = simulate("--read-trace", trace_file, "--diagram", tmp_path / "d.html")
    assert done.status == 2
    assert f"[{reason}]" in done.said


def test_a_file_that_is_no_text_is_refused(simulate: Simulate, tmp_path: Path) -> None:
    path = tmp_path / "noise"
    path.write_bytes(b"\xff\xfe\x00")
    for words in (("--read-trace", path, "--diagram", tmp_path / "d.html"), ("--schedule", path)):
        done = simulate(*words)
        assert (done.status, "[input-unreadable]" in done.said) == (2, True)


def test_a_failing_run_is_made_small(small: tuple[Path, Path, Done]) -> None:
    schedule, scenario, done = small
    assert done.status == 1
    assert "breaks bounded-progress" in done.output
    assert str(schedule) in done.said
    stored = load(schedule.read_text(encoding="utf-8"))
    assert stored.violation is not None
    assert stored.violation.property == "bounded-progress"
    assert len(stored.schedule.actions) <= 5
    assert schedule.name == "seed-11-bounded-progress.json"
    assert "violated bounded-progress" in scenario.read_text(encoding="utf-8")


def test_a_stored_schedule_is_replayed(small: tuple[Path, Path, Done], quorate: Quorate) -> None:
    schedule, scenario, _ = small
    stored = load(schedule.read_text(encoding="utf-8"))
    done = quorate("simulate", "--schedule", schedule, "--json")
    assert done.status == 1
    (violation,) = done.json()["violations"]
    assert violation["property"] == "bounded-progress"
    assert violation["replay"] == f"quorate simulate --schedule {schedule} --trace"
    assert done.json()["nodes"] == 4
    assert stored.digest
    assert "not the run that was stored" not in done.said
    assert quorate("simulate", "--scenario", scenario).status == 0


def test_a_schedule_that_was_changed_is_noticed(
    small: tuple[Path, Path, Done], quorate: Quorate
) -> None:
    schedule, _, _ = small
    text = schedule.read_text(encoding="utf-8")
    schedule.write_text(text.replace("delay=1..20", "delay=1..21"), encoding="utf-8")
    assert "not the run that was stored" in quorate("simulate", "--schedule", schedule).said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"version": 1', '"version": 2'),
        ('"quorate-schedule"', '"other"'),
        ("demand", "command"),
        ("cluster pbft", "cluster paxoss"),
        ('"application": "bare"', '"application": "wallet"'),
        ("}", ""),
    ],
)
def test_schedules_that_mean_nothing(
    small: tuple[Path, Path, Done], quorate: Quorate, old: str, new: str
) -> None:
    schedule, _, _ = small
    text = schedule.read_text(encoding="utf-8")
    assert old in text
    schedule.write_text(text.replace(old, new), encoding="utf-8")
    done = quorate("simulate", "--schedule", schedule)
    assert done.status == 2, done.said
    assert "Traceback" not in done.said


def test_a_run_that_keeps_its_promises_is_not_made_small(
    simulate: Simulate, tmp_path: Path
) -> None:
    done = simulate("--seed", "3", "--shrink", "--out", tmp_path / "small")
    assert done.status == 2
    assert "[nothing-to-shrink]" in done.said
    assert not (tmp_path / "small").exists()


def test_scenarios_are_played_and_rewritten(simulate: Simulate, tmp_path: Path) -> None:
    path = tmp_path / "scenario.txt"
    path.write_text(SCENARIO, encoding="utf-8")
    wrong = simulate("--scenario", path)
    assert wrong.status == 1
    assert "--rewrite" in wrong.said
    assert simulate("--scenario", path, "--rewrite").status == 0
    assert path.read_text(encoding="utf-8") == wrong.output
    assert wrong.output.startswith(SCENARIO)
    assert len(wrong.output) > len(SCENARIO)
    assert simulate("--scenario", path).status == 0


@pytest.mark.parametrize("line", ["fly 3", "crash 9", "cluster", "restart x"])
def test_scenarios_with_words_that_mean_nothing(
    simulate: Simulate, tmp_path: Path, line: str
) -> None:
    path = tmp_path / "scenario.txt"
    path.write_text(SCENARIO.replace("submit a", line), encoding="utf-8")
    done = simulate("--scenario", path)
    assert done.status == 2, done.output
    assert "line 5" in done.said
    assert "Traceback" not in done.said
