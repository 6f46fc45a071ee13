"""The graphs of the overview as a picture, from answers that are made up."""

import math
from pathlib import Path

import pytest
from PIL import Image

from scripts.grafana.asking import Series
from scripts.grafana.pictures import (
    PANELS,
    break_at_gaps,
    choose_formatter,
    make_figure,
    save_small,
)
from scripts.grafana.queries import find_query, list_queries, load_boards

SIZE_BYTES_MAX = 200_000


def test_the_panels_that_are_drawn_exist_and_fit_into_a_small_picture(tmp_path: Path) -> None:
    queries = list_queries(load_boards()["overview.json"])
    panels = [find_query(queries, title) for title in PANELS]
    answer = [
        Series({"node": f"validator-{n}"}, tuple((1000.0 + i, n + i % 7) for i in range(90)))
        for n in range(4)
    ]
    figure = make_figure(panels, [[answer] * len(panel) for panel in panels], 1000.0)
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(PANELS)
    save_small(figure, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size < SIZE_BYTES_MAX
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width > 1_000


def test_the_committed_picture_is_small(root: Path) -> None:
    assert (root / "docker" / "grafana" / "overview.png").stat().st_size < SIZE_BYTES_MAX


def test_an_unknown_panel_is_told() -> None:
    with pytest.raises(KeyError, match="Nothing"):
        find_query([], "Nothing")


def test_lines_do_not_cross_gaps() -> None:
    times, values = break_at_gaps([(0, 1), (1, 2), (4, 3), (5, 4)])
    assert times == [0, 1, 4, 4, 5]
    assert [values[0], values[1], values[3], values[4]] == [1, 2, 3, 4]
    assert math.isnan(values[2])
    assert break_at_gaps([]) == ([], [])
    assert break_at_gaps([(3, 1)]) == ([3], [1])


@pytest.mark.parametrize(
    ("unit", "top", "value", "text"),
    [
        ("percentunit", 1.0, 0.25, "25%"),
        ("s", 2.0, 0.25, "250 ms"),
        ("bytes", 2e6, 1.5e6, "1.5 MB"),
        ("none", 2e6, 1_500, "1.5k"),
    ],
)
def test_numbers_are_written_with_their_units(
    unit: str, top: float, value: float, text: str
) -> None:
    assert choose_formatter(unit, top)(value) == text
