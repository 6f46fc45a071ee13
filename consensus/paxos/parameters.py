"""The numbers a Multi-Paxos network agrees on in its genesis."""

from typing import Annotated

import msgspec
from msgspec import Meta

DELAYS_OF_AN_ELECTION = 8
"""The longest chain from a candidate's first word to its first decision: canvass, support, prepare,
promise, accept, accepted, and two for a value that has to be asked for."""


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All durations in milliseconds, all distances in heights.

    A leader speaks at least each `heartbeat_ms`; after a silence of `silence_ms` failure detectors
    begin to suspect it. A candidacy waits for a time drawn from T to 2T, where T is `election_ms`,
    doubled after each one that failed, up to `election_max_ms`. `pipeline` is the number of heights
    that may be undecided at once, `window` how far above its last decided height an acceptor
    accepts. Decided heights are announced after `learn_ms` if no proposal has carried the news.
    """

    heartbeat_ms: Annotated[int, Meta(ge=2, le=60_000)] = 100
    silence_ms: Annotated[int, Meta(ge=4, le=600_000)] = 500
    election_ms: Annotated[int, Meta(ge=2, le=600_000)] = 150
    election_max_ms: Annotated[int, Meta(ge=2, le=3_600_000)] = 4_800
    checkpoint_interval: Annotated[int, Meta(ge=1, le=1_024)] = 8
    window: Annotated[int, Meta(ge=2, le=4_096)] = 32
    pipeline: Annotated[int, Meta(ge=1, le=64)] = 4
    idle_block_ms: Annotated[int, Meta(ge=1, le=600_000)] = 500
    resend_ms: Annotated[int, Meta(ge=2, le=60_000)] = 400
    learn_ms: Annotated[int, Meta(ge=1, le=60_000)] = 5

    def __post_init__(self) -> None:
        """Hold what the fields promise each other; raises `ValueError` in words."""
        if self.silence_ms < 2 * self.heartbeat_ms:
            raise ValueError("silence_ms must be at least twice heartbeat_ms")
        if self.election_max_ms < self.election_ms:
            raise ValueError("election_max_ms must be at least election_ms")
        if self.pipeline > self.window:
            raise ValueError("pipeline must fit in window")
        if self.window < self.checkpoint_interval:
            raise ValueError("window must be at least checkpoint_interval")


def compute_patience_ms(parameters: Parameters) -> int:
    """How long a leader may be silent before anybody suspects it for the first time."""
    return parameters.silence_ms


def compute_silence_ms(parameters: Parameters) -> int:
    """The silence at which a failure detector begins to suspect."""
    return parameters.silence_ms


def compute_largest_delay_ms(parameters: Parameters) -> int:
    """The message delay that the capped election timeouts still stand."""
    return parameters.election_max_ms // DELAYS_OF_AN_ELECTION


RESTLESS: tuple[dict[str, int], ...] = (
    {"heartbeat_ms": 50, "silence_ms": 200, "election_ms": 100, "election_max_ms": 3_200},
    {
        "heartbeat_ms": 20,
        "silence_ms": 60,
        "election_ms": 30,
        "election_max_ms": 2_400,
        "idle_block_ms": 50,
        "resend_ms": 60,
        "checkpoint_interval": 3,
        "window": 6,
    },
    {
        "heartbeat_ms": 40,
        "silence_ms": 120,
        "election_ms": 60,
        "election_max_ms": 2_400,
        "idle_block_ms": 100,
        "resend_ms": 100,
        "checkpoint_interval": 5,
        "window": 10,
        "pipeline": 8,
        "learn_ms": 20,
    },
)
"""Networks with patient and with nervous detectors, wide and narrow windows: for storms."""
