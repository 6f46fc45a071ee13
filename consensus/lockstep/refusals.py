"""Why a member of a synchronous engine ignores a message: stable names, counted by the host."""

from enum import StrEnum


class Refusal(StrEnum):
    """The reasons, one each, besides those that all chains of agreements have."""

    UNKNOWN = "unknown-message"
    DUPLICATE = "duplicate"
    NOT_TAKING_PART = "not-taking-part"
    OTHER_HEIGHT = "another-height"
    SYNCHRONY = "synchrony-violation"
