"""Cursors: one spelling each, ordered as what they name."""

import re

import pytest

from node.events.cursor import CURSOR_PATTERN, Place, Position, after_all, parse_cursor


@pytest.mark.parametrize(
    "position", [Position(1, 0, 0), Position(3, 17, 5), after_all(Place(2, 9))]
)
def test_a_cursor_reads_back(position: Position) -> None:
    text = position.spell("0a1b2c3d")
    assert parse_cursor(text) == ("0a1b2c3d", position)
    assert re.match(CURSOR_PATTERN, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "0a1b2c3d",
        "0a1b2c3d-1",
        "0A1B2C3D-1-1",
        "0a1b2c3-1-1",
        "0a1b2c3d-01-1",
        "0a1b2c3d-0-1",
        "0a1b2c3d-1--1",
        "0a1b2c3d-1-1-",
        "0a1b2c3d-1-1-1-1",
        "0a1b2c3d-1-1-1\n",
        "0a1b2c3d-1-\u0661",
        f"0a1b2c3d-1-{10**15}",
    ],
)
def test_what_is_no_cursor(text: str) -> None:
    assert parse_cursor(text) is None


def test_order_is_that_of_what_happened() -> None:
    inside, whole = Position(1, 5, 2), after_all(Place(1, 5))
    assert Position(1, 4, 9) < inside < whole < Position(1, 6, 0) < Position(2, 1, 0)
    assert whole.spell("00000000") == "00000000-1-5"
