"""Plots: where values stand, and what is named."""

from xml.etree import ElementTree as ET

import pytest

from consensus.simulation.drawing.plot import HEIGHT_PX, Dot, Plot, Series, list_rounds


def make_plot(*, is_logarithmic: bool = False) -> Plot:
    dots = [Dot(1.0, 0.1, 0.05, 0.2, "near"), Dot(2.0, 0.5, 0.4, 1.0, "far <off>", is_far=True)]
    series = [
        Series("theory & co", [(1.0, 0.1), (3.0, 0.001)], dots),
        Series("honest", [(1.0, 0.2), (3.0, 0.2)], is_reference=True),
    ]
    y_min = 0.001 if is_logarithmic else 0.0
    return Plot("A plot", "x", "y", series, is_logarithmic=is_logarithmic, y_min=y_min)


@pytest.mark.parametrize(
    ("first", "last", "rounds"),
    [
        (0.0, 0.12, [0.0, 0.05, 0.1]),
        (1.0, 6.0, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        (0.1, 0.49, [0.1, 0.2, 0.3, 0.4]),
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
    ],
)
def test_ticks_are_round(first: float, last: float, rounds: list[float]) -> None:
    assert list_rounds(first, last) == rounds


def test_values_stand_where_axes_say() -> None:
    plot = make_plot()
    assert plot.find_x(1.0) < plot.find_x(2.0) < plot.find_x(3.0)
    assert plot.find_x(2.0) * 2 == plot.find_x(1.0) + plot.find_x(3.0)
    assert plot.find_y(0.0) > plot.find_y(0.5) > plot.find_y(1.0)
    assert plot.find_y(0.5) * 2 == pytest.approx(plot.find_y(0.0) + plot.find_y(1.0))
    assert plot.find_y(-1.0) == plot.find_y(0.0) < HEIGHT_PX


def test_a_logarithmic_axis_gives_powers_the_same_room() -> None:
    plot = make_plot(is_logarithmic=True)
    steps = [plot.find_y(10.0**power) for power in (-3, -2, -1, 0)]
    assert steps[0] - steps[1] == pytest.approx(steps[2] - steps[3])
    assert plot.find_y(0.0) == steps[0]
    assert plot.list_ticks()[1] == [0.001, 0.01, 0.1, 1.0]


def test_the_drawing_holds_all_curves_and_dots() -> None:
    root = ET.fromstring(make_plot().draw())
    classes = [element.get("class") for element in root.iter()]
    assert classes.count("dot") == 1
    assert classes.count("dot far") == 1
    assert {"s0", "reference"} <= set(classes)
    words = [element.text for element in root.iter() if element.text]
    assert {"A plot", "x", "y", "theory & co", "honest", "far <off>"} <= set(words)
