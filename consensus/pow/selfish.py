"""What withholding blocks earns: selfish mining (Eyal and Sirer 2014) in closed form.

Model: a miner with share a of all work keeps its blocks back and publishes them so that the honest
waste theirs; when two branches of equal length stand, a share g of the honest mines on the selfish
one. Delays are nothing beside the interval. The revenue is the share of the blocks that stay.
"""

from fractions import Fraction


def compute_revenue(share: Fraction, gamma: Fraction) -> Fraction:
    """The selfish miner's part of the blocks that stay, for a share from 0 to 1/2 (equation 8)."""
    if not 0 <= share < Fraction(1, 2) or not 0 <= gamma <= 1:
        raise ValueError(f"shares from 0 to below 1/2 and gamma from 0 to 1: {share}, {gamma}")
    a = share
    earned = a * (1 - a) ** 2 * (4 * a + gamma * (1 - 2 * a)) - a**3
    return earned / (1 - a * (1 + (2 - a) * a))


def compute_threshold(gamma: Fraction) -> Fraction:
    """The share above which withholding earns more than honesty (equation 9)."""
    return (1 - gamma) / (3 - 2 * gamma)
