"""Why a participant of the randomised agreements ignores a message: stable names."""

from enum import StrEnum


class Refusal(StrEnum):
    """The reasons, one each."""

    UNKNOWN = "unknown-message"
    NOT_A_MEMBER = "not-a-member"
    LEFT_PHASE = "left-phase"
    BEYOND_WINDOW = "beyond-window"
    DUPLICATE = "duplicate"
    UNWANTED = "unwanted"
