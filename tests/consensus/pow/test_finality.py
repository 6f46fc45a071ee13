"""Chances of being overtaken, and what selfishness earns, against published numbers."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.pow.finality import (
    compute_reversal,
    compute_reversal_poisson,
    find_confirmations,
)
from consensus.pow.selfish import compute_revenue, compute_threshold


@pytest.mark.parametrize(
    ("share", "z", "exact", "poisson"),
    [
        ("0.1", 2, 0.0560, 0.0510),
        ("0.1", 6, 0.000591, 0.000243),
        ("0.3", 6, 0.1565, 0.1321),
        ("0.1", 1, 0.2, 0.2046),
        ("0.1", 10, 0.0000079, 0.0000012),
    ],
)
def test_published_chances(share: str, z: int, exact: float, poisson: float) -> None:
    assert float(compute_reversal(z, Fraction(share))) == pytest.approx(exact, rel=0.01, abs=3e-6)
    assert compute_reversal_poisson(z, Fraction(share)) == pytest.approx(
        poisson, rel=0.01, abs=3e-6
    )


@given(st.integers(1, 12), st.integers(1, 49))
def test_it_is_the_race_that_it_says(z: int, percent: int) -> None:
    """Summed over the attacker's blocks k, each followed by a gambler who must catch up."""
    q = Fraction(percent, 100)
    p = 1 - q
    ahead = 1 - sum(math.comb(z + k - 1, k) * p**z * q**k for k in range(z))
    behind = sum(math.comb(z + k - 1, k) * p**z * q**k * (q / p) ** (z - k) for k in range(z))
    assert compute_reversal(z, q) == ahead + behind


def test_nothing_helps_against_half() -> None:
    assert compute_reversal(100, Fraction(1, 2)) == 1
    assert compute_reversal_poisson(100, Fraction(1, 2)) == 1.0
    with pytest.raises(ValueError, match="no depth is safe"):
        find_confirmations(Fraction(1, 2), Fraction(1, 1000))


def test_without_confirmations_or_without_an_attacker() -> None:
    assert compute_reversal(0, Fraction(1, 10)) == 1
    assert compute_reversal(3, Fraction(0)) == 0
    assert compute_reversal_poisson(3, Fraction(0)) == 0.0
    assert compute_reversal_poisson(0, Fraction(1, 10)) == 1.0


@pytest.mark.parametrize("percent", [1, 10, 25, 30, 40])
def test_the_depth_for_a_risk_is_the_least(percent: int) -> None:
    share, risk = Fraction(percent, 100), Fraction(1, 1000)
    z = find_confirmations(share, risk)
    assert compute_reversal(z, share) <= risk < compute_reversal(z - 1, share)


def test_the_depth_for_a_tenth_of_all_work_is_six() -> None:
    assert find_confirmations(Fraction(1, 10), Fraction(1, 1000)) == 6
    assert find_confirmations(Fraction(1, 10), Fraction(1)) == 0


@pytest.mark.parametrize(("z", "share"), [(-1, "0.1"), (2, "-0.1"), (2, "1.1")])
def test_impossible_arguments(z: int, share: str) -> None:
    with pytest.raises(ValueError, match=r"confirmations|share"):
        compute_reversal(z, Fraction(share))


@pytest.mark.parametrize(
    ("share", "gamma", "revenue"), [("0.35", "0", 0.3665), ("0.4", "0.5", 0.5256)]
)
def test_selfish_revenue(share: str, gamma: str, revenue: float) -> None:
    assert float(compute_revenue(Fraction(share), Fraction(gamma))) == pytest.approx(
        revenue, abs=5e-5
    )


@pytest.mark.parametrize("gamma", [Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(1)])
def test_at_the_threshold_selfishness_earns_what_honesty_does(gamma: Fraction) -> None:
    threshold = compute_threshold(gamma)
    if threshold:
        assert compute_revenue(threshold, gamma) == threshold
    above = threshold + Fraction(1, 100)
    assert compute_revenue(above, gamma) > above


def test_selfish_shares_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="below 1/2"):
        compute_revenue(Fraction(1, 2), Fraction(0))
