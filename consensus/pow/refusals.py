"""Why a message, or a block, is ignored: stable names, counted and traced by the host."""

from enum import StrEnum


class Refusal(StrEnum):
    """The reasons, one each."""

    UNKNOWN = "unknown-message"
    NOT_STARTED = "not-started"
    DUPLICATE = "duplicate"
    ANSWERED = "answered-already"
    NOTHING_NEW = "nothing-new"
    TOO_MANY = "too-many"
    UNWANTED = "unwanted"
    BAD_FORM = "header-bad-form"
    BAD_TARGET = "header-bad-target"
    BAD_PROOF = "header-bad-proof"
    BAD_HEIGHT = "header-bad-height"
    WRONG_TARGET = "header-wrong-target"
    TOO_EARLY = "header-time-too-early"
    BELOW_FINAL = "block-below-final"
    TREE_FULL = "tree-full"
    TOO_LIGHT = "block-too-light"
    REFUTED = "block-refuted"
    FOREIGN_BODY = "block-foreign-body"
    BAD_CONTENT = "block-bad-content"
    UNKNOWN_PARENT = "header-unknown-parent"
