"""Why a Multi-Paxos replica ignores a message: stable names, counted and traced by the host."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from consensus.effects import Effect, Ignore


class Refusal(StrEnum):
    """The reasons, one each."""

    UNKNOWN = "unknown-message"
    NOT_A_MEMBER = "not-a-member"
    NOT_THE_SIGNER = "not-the-signer"
    NOT_THE_PROPOSER = "not-the-proposer"
    NOT_VOTING = "not-voting"
    DUPLICATE = "duplicate"
    STALE_BALLOT = "stale-ballot"
    NOT_LEADING = "not-leading"
    TRUSTS_LEADER = "trusts-the-leader"
    BEYOND_WINDOW = "beyond-window"
    DECIDED = "already-decided"
    BELOW_CERTIFIED = "below-the-certified-height"
    NOT_A_CHECKPOINT = "not-a-checkpoint-height"
    BAD_CERTIFICATE = "bad-certificate"
    BAD_SEAL = "bad-seal"
    NULL_VALUE = "null-from-the-host"
    UNWANTED = "unwanted"
    ANSWERED = "answered-already"
    COMMITTEE_CHANGE = "committee-change-not-announced"


def ignore(message: Any, refusal: Refusal) -> Iterator[Effect]:
    """What a handler answers that refuses: the reason, and nothing else."""
    return iter((Ignore(message, refusal),))
