"""The numbers a PBFT network agrees on in its genesis."""

from typing import Annotated

import msgspec
from msgspec import Meta

DELAYS_OF_A_NEW_VIEW = 6
"""The longest chain a backup waits for, from the quorum of view changes to the first decision of
the new view: new view, ask, tell, prepare, commit, and the view change that comes last."""


STARVED_PERMILLE = 600
"""Of the timeout: more than an idle pause and a message delay, less than what makes it worthwhile."""


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All durations in milliseconds, all distances in heights.

    `timeout_ms` is the first view-change timeout T; each failed view doubles it, up to
    `timeout_max_ms`. `checkpoint_interval` is K, `window` is L (the distance from the low to the
    high water mark). `pipeline` heights may be in flight at once.
    """

    timeout_ms: Annotated[int, Meta(ge=20, le=600_000)] = 1_500
    timeout_max_ms: Annotated[int, Meta(ge=20, le=3_600_000)] = 24_000
    checkpoint_interval: Annotated[int, Meta(ge=1, le=1_024)] = 8
    window: Annotated[int, Meta(ge=2, le=4_096)] = 32
    pipeline: Annotated[int, Meta(ge=1, le=64)] = 2
    idle_block_ms: Annotated[int, Meta(ge=1, le=600_000)] = 500
    resend_ms: Annotated[int, Meta(ge=2, le=60_000)] = 400

    def __post_init__(self) -> None:
        """Hold what the fields promise each other; raises `ValueError` in words."""
        if self.window < 2 * self.checkpoint_interval:
            raise ValueError("window must be at least twice checkpoint_interval (L >= 2K)")
        if self.pipeline > self.window - self.checkpoint_interval:
            raise ValueError("pipeline must fit in window - checkpoint_interval")
        if self.timeout_max_ms < self.timeout_ms:
            raise ValueError("timeout_max_ms must be at least timeout_ms")
        if self.timeout_ms < 2 * self.idle_block_ms:
            raise ValueError("timeout_ms must be at least twice idle_block_ms")


def compute_patience_ms(parameters: Parameters) -> int:
    """How long a backup with work lets a primary propose nothing, before any view has failed."""
    return parameters.timeout_ms * STARVED_PERMILLE // 1_000


def compute_largest_delay_ms(parameters: Parameters) -> int:
    """The message delay that the capped timeouts still stand."""
    return parameters.timeout_max_ms // DELAYS_OF_A_NEW_VIEW


RESTLESS: tuple[dict[str, int], ...] = (
    {"timeout_ms": 600, "timeout_max_ms": 4_800, "idle_block_ms": 150},
    {"timeout_ms": 150, "timeout_max_ms": 2_400, "idle_block_ms": 50, "resend_ms": 60},
    {
        "timeout_ms": 300,
        "timeout_max_ms": 4_800,
        "idle_block_ms": 100,
        "checkpoint_interval": 3,
        "window": 8,
        "pipeline": 5,
        "resend_ms": 100,
    },
)
"""Networks with patient and with nervous timers, wide and narrow windows: for storms."""
