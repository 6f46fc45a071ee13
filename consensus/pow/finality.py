"""How safe a block is under others: the chance that an attacker overtakes it.

Model: the attacker has a share q of all work, the honest 1 - q = p, blocks are found at random
(Poisson), nobody else forks. A payment is accepted after z confirmations, its own block counted.
The attacker starts with one block in hand and must get ahead, or with none and must draw level:
both are the same race (Rosenfeld 2012).

Argument. When the honest have found z blocks, the attacker has found k with the negative binomial
chance C(z + k - 1, k) p^z q^k; from z - k behind it ever catches up with chance (q/p)^(z - k). The
sum is Rosenfeld's formula; Grunspan and Pérez-Marco 2018 show that it equals the regularised
incomplete beta function I_{4pq}(z, 1/2). Nakamoto 2008 takes the Poisson distribution with mean
z q / p for k instead, which is too optimistic.

The exact form is computed in rationals: floating point would lose the small chances that matter.
"""

import math
from fractions import Fraction

DEPTH_MAX = 2_000


def compute_reversal(confirmations: int, share: Fraction) -> Fraction:
    """The exact chance that an attacker with `share` of all work undoes so many confirmations."""
    check_arguments(confirmations, share)
    q, p, z = share, 1 - share, confirmations
    if q >= p or not z:
        return Fraction(1)
    stays = (math.comb(z + k - 1, k) * (p**z * q**k - q**z * p**k) for k in range(z + 1))
    return 1 - sum(stays, Fraction(0))


def compute_reversal_poisson(confirmations: int, share: Fraction) -> float:
    """Nakamoto's approximation of the same chance (Bitcoin's paper, section 11)."""
    check_arguments(confirmations, share)
    if 2 * share >= 1 or not confirmations:
        return 1.0
    if not share:
        return 0.0
    ratio = float(share / (1 - share))
    mean = confirmations * ratio
    stays = (
        math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))
        * (1.0 - ratio ** (confirmations - k))
        for k in range(confirmations + 1)
    )
    return 1.0 - math.fsum(stays)


def find_confirmations(share: Fraction, risk: Fraction) -> int:
    """The least z at which an attacker with `share` has a chance of at most `risk`.

    Raises `ValueError` if none up to `DEPTH_MAX` is enough: from half of all work on, none is.
    """
    if not 0 < risk <= 1:
        raise ValueError(f"a risk is above 0 and at most 1, not {risk}")
    check_arguments(0, share)
    low, high = 0, 1
    while compute_reversal(high, share) > risk:
        low, high = high, high * 2
        if high > DEPTH_MAX:
            raise ValueError(f"no depth is safe enough against a share of {float(share):.3f}")
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if compute_reversal(middle, share) > risk else (low, middle)
    return 0 if compute_reversal(low, share) <= risk else high


def check_arguments(confirmations: int, share: Fraction) -> None:
    """Raise `ValueError` for a number of blocks or a share that cannot be."""
    if confirmations < 0:
        raise ValueError(f"no fewer than 0 confirmations: {confirmations}")
    if not 0 <= share <= 1:
        raise ValueError(f"a share of all work is from 0 to 1, not {share}")
