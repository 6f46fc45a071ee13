"""Words, dates, clocks, gauges."""

from pathlib import Path

import pytest

from node.clocks import PROPOSERS_MAX, Clocks
from node.diagnosis.dates import Dates
from node.diagnosis.facts import Member, Presence
from node.diagnosis.finding import Code, Finding, Severity
from node.diagnosis.levels import compute_levels
from node.diagnosis.words import advise_return, count, describe_absence, join_names, show_duration


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0.0 s"),
        (450, "0.5 s"),
        (9_990, "10.0 s"),
        (12_400, "12 s"),
        (180_000, "3 min"),
        (10_800_000, "3 h"),
        (432_000_000, "5 days"),
    ],
)
def test_durations(ms: int, text: str) -> None:
    assert show_duration(ms) == text


def test_names_and_numbers() -> None:
    assert [join_names(list("abc"[:number])) for number in range(4)] == [
        "nobody",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert join_names([str(number) for number in range(20)]).endswith("6 and 13 more")
    assert [count(1, "vote"), count(1_200, "vote"), count(2, "process")] == [
        "1 vote",
        "1,200 votes",
        "2 processes",
    ]


def test_a_failed_call_tells_a_dead_process_from_one_that_hangs() -> None:
    down = Member(0, "validator-0", Presence.UNREACHABLE, 2_000, why="unreachable")
    hanging = Member(1, "validator-1", Presence.UNREACHABLE, 2_000, why="timeout")
    silent = Member(2, "validator-2", Presence.SILENT, 4_000)
    assert describe_absence(down) == "unreachable for 2.0 s: nothing listens at its address"
    assert "paused or hangs" in describe_absence(hanging)
    assert describe_absence(silent) == "linked but silent for 4.0 s"
    advice = advise_return([down, hanging, silent])
    assert advice.startswith("Start validator-0 again;")
    assert "See whether validator-1 and validator-2 is paused" in advice


def test_a_date_is_that_of_the_last_change() -> None:
    now = 10.0
    dates = Dates(lambda: now)
    assert dates.age_ms("phase", ("normal", 1)) == 0
    now = 12.5
    assert dates.age_ms("phase", ("normal", 1)) == 2_500
    assert dates.age_ms("phase", ("normal", 2)) == 0
    now = 13.0
    assert dates.age_ms("phase", ("normal", 2)) == 500


def test_clocks_remember_the_last_proposers_that_were_ahead() -> None:
    clocks = Clocks(lambda: 5.0)
    for number in range(PROPOSERS_MAX + 2):
        clocks.note(number.to_bytes(32, "big"), 1.5)
    clocks.note((2).to_bytes(32, "big"), 2.25)
    assert len(clocks.ahead) == PROPOSERS_MAX
    assert list(clocks.ahead.items())[-1] == ((2).to_bytes(32, "big"), (2_250, 5.0))


def test_levels_are_those_of_the_worst_finding_of_a_code() -> None:
    lost = Finding(code=Code.QUORUM_UNREACHABLE, severity=Severity.FAULT, text="")
    idle = Finding(code=Code.IDLE, severity=Severity.OK, text="")
    drift = Finding(code=Code.CLOCK_DRIFT, severity=Severity.WARNING, text="")
    levels = compute_levels([lost, idle, drift])
    assert {code for code, level in levels.items() if level} == {
        "quorum-unreachable",
        "idle",
        "clock-drift",
    }
    assert [levels[code] for code in ("quorum-unreachable", "clock-drift", "idle")] == [3, 2, 1]
    assert Code.LINKS_CUT.value not in levels


def test_every_code_stands_in_the_readme(root: Path) -> None:
    text = (root / "node" / "README.md").read_text(encoding="utf-8")
    section = text[text.index("## Diagnosis") : text.index("## Mining")]
    assert [code for code in Code if f"`{code.value}`" not in section] == []
