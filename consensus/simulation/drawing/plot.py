"""Plots: measured points with their intervals over curves, as SVG."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from consensus.simulation.drawing.markup import Markup, draw_svg, path, tag, text

WIDTH_PX, HEIGHT_PX = 560, 380
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 70, 150, 34, 46
TICKS = 5
WHISKER_PX, DOT_PX, LINE_PX = 4.0, 3.2, 17


@dataclass(frozen=True, slots=True)
class Dot:
    """A measured value and its interval."""

    x: float
    y: float
    low: float
    high: float
    words: str
    is_far: bool = False
    """Does theory lie outside."""


@dataclass(frozen=True, slots=True)
class Series:
    """What belongs together: a curve of theory, and what was measured of it."""

    name: str
    curve: Sequence[tuple[float, float]]
    dots: Sequence[Dot] = ()
    is_reference: bool = False
    """Dashed, and without a colour."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One coordinate system; on a logarithmic one, what is not above `y_min` stands at its edge."""

    title: str
    x_name: str
    y_name: str
    series: Sequence[Series]
    is_logarithmic: bool = False
    y_min: float = 0.0

    @property
    def x_range(self) -> tuple[float, float]:
        """First and last value across."""
        values = [x for series in self.series for x, _ in series.curve]
        return min(values), max(values)

    @property
    def y_range(self) -> tuple[float, float]:
        """Lowest and highest value."""
        curves = [y for series in self.series for _, y in series.curve]
        dots = [dot.high for series in self.series for dot in series.dots]
        return self.y_min, max([*curves, *dots])

    def find_x(self, x: float) -> float:
        """Where a value is, in pixels."""
        first, last = self.x_range
        return LEFT_PX + (x - first) / (last - first) * (WIDTH_PX - LEFT_PX - RIGHT_PX)

    def find_y(self, y: float) -> float:
        """Where a value is, in pixels."""
        low, high = self.y_range
        y = min(max(y, low), high)
        if self.is_logarithmic:
            low, high, y = math.log(low), math.log(high), math.log(y)
        return HEIGHT_PX - BOTTOM_PX - (y - low) / (high - low) * (HEIGHT_PX - TOP_PX - BOTTOM_PX)

    def list_ticks(self) -> tuple[list[float], list[float]]:
        """Values to name, across and upwards."""
        across = list_rounds(*self.x_range)
        if not self.is_logarithmic:
            return across, list_rounds(*self.y_range)
        low, high = self.y_range
        powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
        return across, [10.0**power for power in powers]

    def draw(self) -> Markup:
        """The whole plot."""
        return draw_svg(
            self.title,
            WIDTH_PX,
            HEIGHT_PX,
            tag("text", text(self.title), x=LEFT_PX, y=18, class_="title"),
            tag("g", *self.draw_axes(), class_="axis"),
            *(self.draw_series(number, series) for number, series in enumerate(self.series)),
            class_="plot",
        )

    def draw_axes(self) -> Iterator[Markup]:
        """Lines, ticks and names."""
        left, right = LEFT_PX, WIDTH_PX - RIGHT_PX
        top, bottom = TOP_PX, HEIGHT_PX - BOTTOM_PX
        across, upwards = self.list_ticks()
        for x in across:
            at = self.find_x(x)
            yield tag("line", x1=at, y1=top, x2=at, y2=bottom)
            yield tag("text", text(f"{x:g}"), x=at, y=bottom + 16, text_anchor="middle")
        for y in upwards:
            at = self.find_y(y)
            yield tag("line", x1=left, y1=at, x2=right, y2=at)
            yield tag("text", text(f"{y:g}"), x=left - 6, y=at + 4, text_anchor="end")
        middle = (left + right) / 2
        yield tag("text", text(self.x_name), x=middle, y=HEIGHT_PX - 8, text_anchor="middle")
        turned = f"rotate(-90 14 {(top + bottom) // 2})"
        yield tag(
            "text",
            text(self.y_name),
            x=14,
            y=(top + bottom) // 2,
            text_anchor="middle",
            transform=turned,
        )

    def draw_series(self, number: int, series: Series) -> Markup:
        """A curve, its dots, and its name beside the plot."""
        steps = [s for x, y in series.curve for s in ("L", self.find_x(x), self.find_y(y))]
        label_y = TOP_PX + 10 + LINE_PX * number
        right = WIDTH_PX - RIGHT_PX + 12
        return tag(
            "g",
            tag("path", d=path("M", *steps[1:]), class_="curve"),
            *(self.draw_dot(dot) for dot in series.dots),
            tag("line", x1=right, y1=label_y - 4, x2=right + 18, y2=label_y - 4, class_="curve"),
            tag("text", text(series.name), x=right + 24, y=label_y),
            class_="reference" if series.is_reference else f"s{number}",
        )

    def draw_dot(self, dot: Dot) -> Markup:
        """A value with its interval; pointing at it tells its numbers."""
        x, low, high = self.find_x(dot.x), self.find_y(dot.low), self.find_y(dot.high)
        ends = [s for y in (low, high) for s in ("M", x - WHISKER_PX, y, "h", 2 * WHISKER_PX)]
        return tag(
            "g",
            tag("title", text(dot.words)),
            tag("path", d=path("M", x, low, "L", x, high, *ends), class_="whisker"),
            tag("circle", cx=x, cy=self.find_y(dot.y), r=DOT_PX),
            class_="dot far" if dot.is_far else "dot",
        )


def list_rounds(first: float, last: float) -> list[float]:
    """Some round values of a range."""
    rough = (last - first) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= rough * 0.999)
    count = math.floor(last / step + 1e-9) - math.ceil(first / step - 1e-9)
    start = math.ceil(first / step - 1e-9)
    return [round((start + n) * step, 12) for n in range(count + 1)]
