"""What an answer to a write, or its absence, means."""

from enum import Enum

from node.api.backend import TransactionStatus
from node.api.models import SubmissionAnswer


class Written(Enum):
    """What became of a write, as far as its client knows."""

    DONE = "done"
    """It is final."""
    UNUSED = "unused"
    """It was not taken, so it has no effect and its number is free."""
    FAILED = "failed"
    """It has no effect, but its number is used up."""
    OPEN = "open"
    """It may take effect at any time, or never."""


def judge_answer(answer: SubmissionAnswer) -> Written:
    """What an answer says; one that is not definite leaves everything open."""
    if not answer.definite:
        return Written.OPEN
    return Written.DONE if answer.status is TransactionStatus.FINAL else Written.FAILED
