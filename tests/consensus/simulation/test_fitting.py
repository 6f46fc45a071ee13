"""Least squares: what is a polynomial is found exactly, what is not is said to be missed."""

import math

import pytest

from consensus.simulation.fitting import fit_best, fit_polynomial, fit_power

SIZES = [3, 4, 5, 7, 10, 16]


@pytest.mark.parametrize(
    ("coefficients", "words"),
    [
        ((7,), "7"),
        ((-3, 3), "3n − 3"),
        ((0, -2, 2), "2n² − 2n"),
        ((0, 1, -2, 1), "n³ − 2n² + n"),
        ((100, 0, -1), "−n² + 100"),
    ],
)
def test_a_polynomial_is_found_exactly(coefficients: tuple[int, ...], words: str) -> None:
    values = [sum(c * n**power for power, c in enumerate(coefficients)) for n in SIZES]
    fit = fit_best(SIZES, values)
    assert fit is not None
    assert fit.tell() == words
    assert fit.residual < 1e-12
    assert len(fit.coefficients) == len(coefficients)


def test_a_power_is_found_with_its_factor() -> None:
    fit = fit_power(SIZES, [5 * n**2.5 for n in SIZES])
    assert fit is not None
    assert fit.exponent == pytest.approx(2.5)
    assert fit.coefficient == pytest.approx(5)
    assert fit.residual < 1e-9


def test_what_is_no_polynomial_is_missed_by_so_much() -> None:
    fit = fit_polynomial(SIZES, [2.0**n for n in SIZES], 1)
    assert fit is not None
    assert fit.residual > 1


def test_a_low_degree_that_is_close_is_enough() -> None:
    fit = fit_best(SIZES, [n + 0.01 * math.sin(n) for n in SIZES])
    assert fit is not None
    assert len(fit.coefficients) == 2
    assert 0 < fit.residual < 0.05


def test_too_few_points_say_nothing() -> None:
    assert fit_power([3], [1]) is None
    assert fit_power([3, 4], [0, 1]) is None
    assert fit_polynomial([3, 4], [1, 2], 1) is None
    assert fit_best([3], [1]) is None
