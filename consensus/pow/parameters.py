"""The numbers a proof-of-work network agrees on in its genesis, and three sets of them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from consensus.pow.compact import COMPACT_MAX, TARGET_MAX, decode_compact, decode_target
from consensus.pow.difficulty import Retargeting, compute_work

Bits = Annotated[int, Meta(ge=1, le=COMPACT_MAX)]
Flag = Annotated[int, Meta(ge=0, le=1)]


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Durations in milliseconds, distances in blocks, targets in compact form, flags 0 or 1.

    Blocks come every `interval_ms`. The target starts at `first_bits`, is never easier than
    `limit_bits` and is computed anew each `window` blocks, by a factor of at most `clamp`;
    `whole_window` measures all intervals of a window, Bitcoin all but one. A block is final under
    `depth` others. Times may lie `drift_ms` ahead of a clock. `random_ties` draws between branches
    of equal work, else the first one seen stays. `simulated_work` takes the simulated work function
    for a proof: a network of real miners never sets it.
    """

    interval_ms: Annotated[int, Meta(ge=1, le=86_400_000)] = 2_000
    window: Annotated[int, Meta(ge=2, le=1_000_000)] = 32
    clamp: Annotated[int, Meta(ge=2, le=64)] = 4
    whole_window: Flag = 1
    first_bits: Bits = 0x1E0FFFFF
    limit_bits: Bits = 0x1F7FFFFF
    depth: Annotated[int, Meta(ge=1, le=10_000)] = 6
    drift_ms: Annotated[int, Meta(ge=0, le=86_400_000)] = 10_000
    random_ties: Flag = 0
    tie_seed: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] = 0
    resend_ms: Annotated[int, Meta(ge=2, le=600_000)] = 1_000
    simulated_work: Flag = 0

    def __post_init__(self) -> None:
        """Hold what the fields promise each other; raises `ValueError` in words."""
        if decode_target(self.limit_bits, TARGET_MAX) is None:
            raise ValueError("limit_bits must spell a positive target, in its normal form")
        if decode_target(self.first_bits, self.limit) is None:
            raise ValueError("first_bits must spell a target up to the limit, in its normal form")

    @property
    def limit(self) -> int:
        """The easiest target."""
        return decode_compact(self.limit_bits).magnitude

    @property
    def retargeting(self) -> Retargeting:
        """The rule for the next target."""
        measured = self.window if self.whole_window else self.window - 1
        return Retargeting(self.interval_ms, self.window, self.clamp, self.limit, measured)


PRESETS: dict[str, dict[str, int]] = {
    "bitcoin": {
        "interval_ms": 600_000,
        "window": 2_016,
        "clamp": 4,
        "whole_window": 0,
        "first_bits": 0x1D00FFFF,
        "limit_bits": 0x1D00FFFF,
        "depth": 6,
        "drift_ms": 7_200_000,
        "resend_ms": 60_000,
    },
    "testnet": {},
    "test": {
        "interval_ms": 200,
        "window": 16,
        "first_bits": 0x2000FFFF,
        "limit_bits": 0x207FFFFF,
        "depth": 4,
        "drift_ms": 2_000,
        "resend_ms": 100,
    },
}
"""Bitcoin's own numbers; a network of processes on one machine, which are the defaults; and one for
tests, in which a proof takes 256 hashes."""

SIMULATED: dict[str, int] = {"simulated_work": 1}
"""What a simulated network always has."""

RESTLESS: tuple[dict[str, int], ...] = (
    {"interval_ms": 300, "window": 8, "depth": 60, "drift_ms": 3_000, "resend_ms": 150},
    {"interval_ms": 500, "window": 16, "depth": 50, "drift_ms": 3_000, "resend_ms": 200},
    {
        "interval_ms": 400,
        "window": 12,
        "depth": 55,
        "drift_ms": 3_000,
        "resend_ms": 100,
        "random_ties": 1,
    },
)
"""Networks for storms: blocks about as slow as a resend, retargets all the time. The depth is what a
network that is cut in two for all of a storm of five seconds needs (see `progress`)."""


def compute_first_hashes(parameters: Parameters) -> int:
    """How many hashes the first block takes on average."""
    return compute_work(decode_compact(parameters.first_bits).magnitude)


def compute_mean_hashes(bits: int) -> int:
    """How many hashes a block under these bits takes on average."""
    return compute_work(decode_compact(bits).magnitude)
