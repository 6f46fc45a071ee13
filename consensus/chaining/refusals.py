"""Why a member of a chain of agreements ignores a message: stable names, counted by the host."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from consensus.effects import Effect, Ignore


class Refusal(StrEnum):
    """The reasons, one each."""

    UNKNOWN = "unknown-message"
    NOT_A_MEMBER = "not-a-member"
    NOT_THE_SIGNER = "not-the-signer"
    NOT_VOTING = "not-voting"
    DUPLICATE = "duplicate"
    BEYOND_WINDOW = "beyond-window"
    DECIDED = "already-decided"
    BAD_SEAL = "bad-seal"
    BAD_CERTIFICATE = "bad-certificate"
    BELOW_CERTIFIED = "below-the-certified-height"
    NOT_A_CHECKPOINT = "not-a-checkpoint-height"
    UNWANTED = "unwanted"


def ignore(message: Any, refusal: str) -> Iterator[Effect]:
    """What a handler answers that refuses: the reason, and nothing else."""
    return iter((Ignore(message, refusal),))
