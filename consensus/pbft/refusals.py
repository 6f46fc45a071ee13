"""Why a PBFT replica ignores a message: stable names, counted and traced by the host."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from consensus.effects import Effect, Ignore


class Refusal(StrEnum):
    """The reasons, one each."""

    UNKNOWN = "unknown-message"
    NOT_A_MEMBER = "not-a-member"
    NOT_THE_SIGNER = "not-the-signer"
    NOT_THE_PRIMARY = "not-the-primary"
    PRIMARY_PREPARES = "primary-prepares"
    DUPLICATE = "duplicate"
    EQUIVOCATION = "equivocation"
    STALE_VIEW = "stale-view"
    FUTURE_VIEW = "future-view"
    BELOW_WINDOW = "below-window"
    BEYOND_WINDOW = "beyond-window"
    DECIDED = "already-decided"
    CONTRADICTS_DECISION = "contradicts-decision"
    NOT_IN_NEW_VIEW = "not-in-new-view"
    BAD_DIGEST = "bad-digest"
    NULL_VALUE = "null-outside-new-view"
    BAD_CERTIFICATE = "bad-certificate"
    BAD_SEAL = "bad-seal"
    BAD_NEW_VIEW = "bad-new-view"
    VOID = "from-before-a-loss"
    UNWANTED = "unwanted"
    ANSWERED = "answered-already"
    NOT_VOTING = "not-voting"
    COMMITTEE_CHANGE = "committee-change-unsupported"
    NOT_A_CHECKPOINT = "not-a-checkpoint-height"


def ignore(message: Any, refusal: Refusal) -> Iterator[Effect]:
    """What a handler answers that refuses: the reason, and nothing else."""
    return iter((Ignore(message, refusal),))
