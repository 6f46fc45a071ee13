import pytest

from ledger.apps import records
from ledger.errors import TransactionError
from ledger.leaves import hash_key, record_key
from ledger.limits import Limits
from ledger.reasons import Reason
from ledger.state import View
from ledger.transaction import Record
from tests.ledger.support import ALICE, World

LIMITS = Limits(record_key_bytes_max=4, record_value_bytes_max=8)


@pytest.mark.parametrize(("key", "value"), [(b"k", b""), (b"1234", b"12345678"), (b"\x00", b"v")])
def test_within_limits(key: bytes, value: bytes) -> None:
    records.check(Record(key, value), LIMITS)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (b"", b"v", Reason.TX_RECORD_KEY_SIZE),
        (b"12345", b"v", Reason.TX_RECORD_KEY_SIZE),
        (b"k", b"123456789", Reason.TX_RECORD_VALUE_SIZE),
    ],
)
def test_beyond_limits(key: bytes, value: bytes, reason: Reason) -> None:
    with pytest.raises(TransactionError) as caught:
        records.check(Record(key, value), LIMITS)
    assert caught.value.reason is reason


def test_an_entry_belongs_to_its_owner() -> None:
    view = View(World().chain._state)
    assert records.apply(view, view.account(ALICE.public_key), Record(b"k", b"v")) is None
    (change,) = view.seal().leaves
    assert change.key_hash == hash_key(record_key(ALICE.public_key, b"k"))


def test_an_empty_value_deletes() -> None:
    view = View(World().chain._state)
    sender = view.account(ALICE.public_key)
    records.apply(view, sender, Record(b"k", b"v"))
    records.apply(view, sender, Record(b"k", b""))
    assert view.seal().leaves == []
