"""The numbers that networks of common subsets agree on in their genesis."""

from typing import Annotated

import msgspec
from msgspec import Meta


class ChainParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All durations in milliseconds, all distances in heights.

    No duration bears on what is decided, or how soon where nothing is lost: the engine waits for
    messages alone. What may have been lost is said again after `resend_ms`, later with longer pauses;
    a chain with work that waits for a certificate gets an empty height after `idle_block_ms`.
    """

    checkpoint_interval: Annotated[int, Meta(ge=1, le=1_024)] = 8
    window: Annotated[int, Meta(ge=2, le=4_096)] = 32
    idle_block_ms: Annotated[int, Meta(ge=1, le=600_000)] = 500
    resend_ms: Annotated[int, Meta(ge=2, le=60_000)] = 400

    def __post_init__(self) -> None:
        """Hold what the fields promise each other; raises `ValueError` in words."""
        if self.window < self.checkpoint_interval:
            raise ValueError("window must be at least checkpoint_interval")


class Parameters(ChainParameters, frozen=True, forbid_unknown_fields=True):
    """Where members crash: `common_coin` is 1 if all have one coin, 0 if each has its own."""

    common_coin: Annotated[int, Meta(ge=0, le=1)] = 0


RESTLESS: tuple[dict[str, int], ...] = (
    {"idle_block_ms": 100, "resend_ms": 100},
    {"checkpoint_interval": 3, "window": 6, "idle_block_ms": 50, "resend_ms": 60},
    {"checkpoint_interval": 5, "window": 5, "idle_block_ms": 150, "resend_ms": 200},
)
"""Networks that say things again soon or late, with wide and narrow windows: for storms."""
