import inspect

from ledger import errors
from ledger.errors import LedgerError, MissingBodiesError, TransactionError
from ledger.reasons import Blame, Reason


def test_every_error_stands_in_the_one_tree() -> None:
    classes = [
        member
        for _, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, Exception)
    ]
    assert len(classes) >= 9
    assert all(issubclass(member, LedgerError) for member in classes)


def test_an_error_tells_reason_detail_and_blame() -> None:
    error = TransactionError(Reason.TX_EXPIRED, "the next block has height 7")
    assert error.reason is Reason.TX_EXPIRED
    assert error.blame is Blame.NOBODY
    assert str(error) == "tx-expired: the next block has height 7"


def test_without_a_detail_the_reason_is_all() -> None:
    assert str(TransactionError(Reason.TX_EXPIRED)) == "tx-expired"


def test_missing_bodies_are_named() -> None:
    error = MissingBodiesError([b"a", b"b"])
    assert error.ids == (b"a", b"b")
    assert str(error) == "chain-missing-bodies: 2 bodies are missing"
