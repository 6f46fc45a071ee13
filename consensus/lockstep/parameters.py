"""The numbers that synchronous networks agree on in their genesis."""

from typing import Annotated

import msgspec
from msgspec import Meta

from consensus.committee import Committee

CONFIRMING_ROUNDS = 2
"""Members report what they came to, and confirm what n - f of them came to."""
LARGEST_PART = 2
"""A delay beyond half a round is not stood for certain: clocks, disks and processing take the rest."""


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All durations in milliseconds, all distances in heights.

    `delta_ms` is the length of a round: at least the greatest message delay, twice the skew of the
    clocks, and what it takes to process and to write. `confirms` is 1 for two rounds in which
    members report and confirm what they came to; 0 is the textbook's engine, which is safe only while what it assumes is
    true, for demonstrations. A chain with heights that only the next checkpoint certifies gets an
    empty height after `idle_block_ms`.
    """

    delta_ms: Annotated[int, Meta(ge=10, le=60_000)] = 125
    confirms: Annotated[int, Meta(ge=0, le=1)] = 1
    checkpoint_interval: Annotated[int, Meta(ge=1, le=1_024)] = 8
    window: Annotated[int, Meta(ge=2, le=4_096)] = 32
    idle_block_ms: Annotated[int, Meta(ge=1, le=600_000)] = 500

    def __post_init__(self) -> None:
        """Hold what the fields promise each other; raises `ValueError` in words."""
        if self.window < self.checkpoint_interval:
            raise ValueError("window must be at least checkpoint_interval")


def count_rounds(parameters: Parameters, committee: Committee) -> int:
    """The rounds of a slot: f + 1, and the confirmation."""
    return committee.faults + 1 + CONFIRMING_ROUNDS * parameters.confirms


def compute_largest_delay_ms(parameters: Parameters) -> int:
    """The message delay that a round stands."""
    return parameters.delta_ms // LARGEST_PART


RESTLESS: tuple[dict[str, int], ...] = (
    {"delta_ms": 100, "idle_block_ms": 100},
    {"delta_ms": 150, "checkpoint_interval": 3, "window": 6, "idle_block_ms": 50},
    {"delta_ms": 200, "checkpoint_interval": 5, "window": 5, "idle_block_ms": 150},
)
"""Networks with short and long rounds, with wide and narrow windows: for storms."""
