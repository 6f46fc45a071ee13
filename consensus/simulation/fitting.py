"""Least squares, in whole fractions: a power of n, and a polynomial in n, through what was measured."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Power:
    """y = `coefficient` · n ^ `exponent`, and by how much of y the worst point is missed."""

    coefficient: float
    exponent: float
    residual: float

    def find(self, x: float) -> float:
        """The curve."""
        return float(self.coefficient * x**self.exponent)


@dataclass(frozen=True, slots=True)
class Polynomial:
    """`coefficients` of 1, n, n² …, and by how much of y the worst point is missed."""

    coefficients: tuple[float, ...]
    residual: float

    def find(self, x: float) -> float:
        """The curve."""
        return sum(one * x**power for power, one in enumerate(self.coefficients))

    def tell(self, name: str = "n") -> str:
        """Highest power first, as in `2n² − 2n`."""
        terms = [
            tell_term(one, power, name)
            for power, one in reversed(list(enumerate(self.coefficients)))
            if abs(one) >= SMALL
        ]
        told = " ".join(terms).removeprefix("+ ")
        return (f"−{told[2:]}" if told.startswith("− ") else told) or "0"


SMALL = 1e-9
CLOSE = 0.05
"""A polynomial that misses no point by more is taken before one of a higher degree."""
DEGREE_MAX = 4
POWERS = ("", "", "²", "³", "⁴")


def tell_term(coefficient: float, power: int, name: str) -> str:
    """With its sign."""
    size = abs(coefficient)
    told = "" if power and abs(size - 1) < SMALL else f"{size:.4g}"
    return f"{'−' if coefficient < 0 else '+'} {told}{name if power else ''}{POWERS[power]}"


def fit_power(xs: Sequence[int], ys: Sequence[float]) -> Power | None:
    """A straight line through the logarithms; None for fewer than two points, or for zeros."""
    if len(set(xs)) < 2 or min(ys) <= 0:
        return None
    logs = [(Fraction(math.log(x)), Fraction(math.log(y))) for x, y in zip(xs, ys, strict=True)]
    intercept, slope = solve([[Fraction(1), x] for x, _ in logs], [y for _, y in logs])
    power = Power(math.exp(intercept), float(slope), 0.0)
    return Power(power.coefficient, power.exponent, find_residual(power, xs, ys))


def fit_polynomial(xs: Sequence[int], ys: Sequence[float], degree: int) -> Polynomial | None:
    """None if there are too few points to say anything: one more than coefficients is wanted."""
    if len(set(xs)) < degree + 2:
        return None
    rows = [[Fraction(x) ** power for power in range(degree + 1)] for x in xs]
    found = tuple(map(float, solve(rows, [Fraction(y) for y in ys])))
    return Polynomial(found, find_residual(Polynomial(found, 0.0), xs, ys))


def fit_best(xs: Sequence[int], ys: Sequence[float]) -> Polynomial | None:
    """The polynomial of the least degree that misses nothing, or next to nothing; else the closest."""
    found = [fit for degree in range(DEGREE_MAX + 1) if (fit := fit_polynomial(xs, ys, degree))]
    for limit in (SMALL, CLOSE):
        for fit in found:
            if fit.residual < limit:
                return fit
    return min(found, key=lambda fit: fit.residual, default=None)


def find_residual(curve: Power | Polynomial, xs: Sequence[int], ys: Sequence[float]) -> float:
    """The greatest part of y by which the curve misses a point."""
    return max(abs(curve.find(x) - y) / max(abs(y), 1.0) for x, y in zip(xs, ys, strict=True))


def solve(rows: Sequence[Sequence[Fraction]], ys: Sequence[Fraction]) -> list[Fraction]:
    """The coefficients with the least squares: the normal equations, by elimination."""
    size = len(rows[0])
    table = [
        [
            *(sum((row[i] * row[j] for row in rows), Fraction(0)) for j in range(size)),
            sum((row[i] * y for row, y in zip(rows, ys, strict=True)), Fraction(0)),
        ]
        for i in range(size)
    ]
    for column in range(size):
        pivot = next(at for at in range(column, size) if table[at][column])
        table[column], table[pivot] = table[pivot], table[column]
        table[column] = [value / table[column][column] for value in table[column]]
        for at in range(size):
            if at != column:
                factor = table[at][column]
                table[at] = [a - factor * b for a, b in zip(table[at], table[column], strict=True)]
    return [row[-1] for row in table]
