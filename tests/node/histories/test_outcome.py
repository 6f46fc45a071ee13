"""What answers to writes mean."""

import pytest

from node.api.backend import Outcome, TransactionStatus
from node.api.models import SubmissionAnswer
from node.histories.outcome import Written, judge_answer


@pytest.mark.parametrize(
    ("status", "definite", "written"),
    [
        (TransactionStatus.FINAL, True, Written.DONE),
        (TransactionStatus.FAILED, True, Written.FAILED),
        (TransactionStatus.DROPPED, True, Written.FAILED),
        (TransactionStatus.DROPPED, False, Written.OPEN),
        (TransactionStatus.PENDING, False, Written.OPEN),
        (TransactionStatus.UNKNOWN, False, Written.OPEN),
    ],
)
def test_only_what_is_definite_is_certain(
    status: TransactionStatus, definite: bool, written: Written
) -> None:
    answer = SubmissionAnswer(
        outcome=Outcome.ACCEPTED, id=bytes(32), status=status, definite=definite
    )
    assert judge_answer(answer) is written
