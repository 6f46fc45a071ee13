"""What the log tells of a node as it changes, on a clock of the test's own."""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from node.api.backend import NodeState
from node.chronicle import PACE_S, STILL_S, Chronicle, Facts

CALM = Facts(
    state=NodeState.READY,
    height=10,
    target=10,
    view=0,
    leader="validator-0",
    pending=0,
    peers=3,
    transactions=100,
)


class Told:
    """A chronicle, its clock, and what it has told since the last look at it."""

    def __init__(self, entries: list[Any]) -> None:
        self._entries = entries
        self.now = 0.0
        self.chronicle = Chronicle(lambda: "too few are reachable", lambda: self.now)

    def look(self, facts: Facts, after_s: float = 0.25) -> list[tuple[str, str]]:
        """What one look tells: events with their levels."""
        self.now += after_s
        self._entries.clear()
        self.chronicle.look(facts)
        return [(entry["event"], entry["log_level"]) for entry in self._entries]

    @property
    def line(self) -> Any:
        """The last line."""
        return self._entries[-1]


@pytest.fixture
def told() -> Iterator[Told]:
    capture = structlog.testing.LogCapture()
    structlog.configure(processors=[capture])
    yield Told(capture.entries)
    structlog.reset_defaults()


def test_nothing_is_told_while_nothing_happens(told: Told) -> None:
    assert [told.look(CALM, PACE_S) for _ in range(5)] == [[]] * 5


def test_a_view_that_helps_nobody_is_a_warning(told: Told) -> None:
    told.look(CALM)
    assert told.look(CALM._replace(view=1)) == [("view changed", "info")]
    assert told.line["before"] == 0
    assert told.look(CALM._replace(view=3)) == [("view changed", "warning")]
    told.look(CALM._replace(view=3, height=11))
    assert told.look(CALM._replace(view=4, height=11)) == [("view changed", "info")]


def test_what_an_engine_begins_with_is_no_change(told: Told) -> None:
    assert told.look(CALM._replace(view=7)) == []


def test_catch_up_begins_and_ends(told: Told) -> None:
    behind = CALM._replace(state=NodeState.CATCHING_UP, target=500)
    assert told.look(behind) == [("catch-up begins", "info")]
    assert told.line["target"] == 500
    assert told.look(behind._replace(height=200)) == []
    assert told.look(CALM._replace(height=500), after_s=1.75) == [("catch-up ends", "info")]
    assert (told.line["blocks"], told.line["seconds"]) == (490, 2.0)


def test_standing_still_with_work_is_told_ever_more_seldom_and_so_is_its_end(told: Told) -> None:
    waiting = CALM._replace(pending=5)
    told.look(CALM)
    assert told.look(waiting, STILL_S / 2) == []
    assert told.look(waiting, STILL_S / 2) == [("no block becomes final", "warning")]
    assert told.line["why"] == "too few are reachable"
    assert told.look(waiting, STILL_S / 2) == []
    assert told.look(waiting, STILL_S / 2) == [("no block becomes final", "warning")]
    assert told.line["seconds"] == 2 * STILL_S
    assert told.look(waiting, STILL_S) == []
    moved = told.look(waiting._replace(height=11), 1)
    assert ("blocks become final again", "info") in moved
    assert told.look(waiting._replace(height=11), STILL_S / 2) == []


def test_an_idle_node_does_not_stand_still(told: Told) -> None:
    told.look(CALM)
    told.look(CALM, 100 * STILL_S)
    assert told.look(CALM._replace(pending=1), 1) == []


def test_the_pace_is_one_line_in_ten_seconds(told: Told) -> None:
    told.look(CALM)
    facts, lines = CALM, []
    for _ in range(81):
        facts = facts._replace(height=facts.height + 1, transactions=facts.transactions + 5)
        if said := told.look(facts):
            lines.append((said, told.line["blocks"], told.line["tx_per_second"]))
    assert lines == [([("progress", "info")], 40, 20.0)] * 2
