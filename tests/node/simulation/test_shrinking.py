from pathlib import Path

import pytest

from consensus.simulation.schedule import Schedule, load
from node.simulation.errors import CampaignError
from node.simulation.shrinking import Smaller, make_smaller
from node.simulation.single import Single, run_schedule

ACTIONS = (
    (0, "submit a"),
    (5, "quality loss=20"),
    (60, "crash 0"),
    (80, "crash 1"),
    (90, "submit b"),
    (300, "demand 2000 2 3"),
)


def fail(application: str) -> Single:
    schedule = Schedule("cluster pbft n=4 seed=11 delay=1..20", ACTIONS, application)
    return run_schedule(schedule, 11, "quorate simulate --schedule x.json")


def shrink(application: str) -> tuple[Smaller, list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    return make_smaller(fail(application), lambda *progress: told.append(progress)), told


@pytest.mark.parametrize("application", ["bare", "ledger"])
def test_what_is_left_still_fails_on_what_it_orders(application: str) -> None:
    smaller, told = shrink(application)
    stored = load(smaller.to_json())
    assert stored.schedule.application == application
    assert len(stored.schedule.actions) < len(ACTIONS)
    again = run_schedule(stored.schedule, 11, "")
    assert again.outcome.violation == stored.violation
    assert again.outcome.digest == stored.digest
    assert told
    assert told[-1][1] == len(stored.schedule.actions)


def test_a_scenario_of_bare_payloads_is_played() -> None:
    text = shrink("bare")[0].to_scenario()
    assert text.startswith("# Breaks bounded-progress at ")
    assert "found for: quorate simulate --schedule x.json" in text
    assert "violated bounded-progress" in text


def test_a_scenario_of_ledgers_is_told() -> None:
    text = shrink("ledger")[0].to_scenario()
    assert "cluster pbft n=4" in text
    assert "violated" not in text


def test_both_files_are_written(tmp_path: Path) -> None:
    smaller, _ = shrink("bare")
    folder = tmp_path / "new"
    paths = smaller.write(folder)
    assert [path.name for path in paths] == [
        "seed-11-bounded-progress.json",
        "seed-11-bounded-progress.txt",
    ]
    assert sorted(folder.iterdir()) == sorted(paths)
    assert smaller.write(folder) == paths
    assert f"of {len(ACTIONS)} actions" in smaller.describe()


def test_a_run_that_keeps_its_promises_cannot_fail_smaller() -> None:
    schedule = Schedule("cluster pbft n=4", ((0, "submit a"), (10, "run 50")))
    with pytest.raises(CampaignError) as raised:
        make_smaller(run_schedule(schedule, 0, ""), lambda *_: None)
    assert raised.value.reason == "nothing-to-shrink"
