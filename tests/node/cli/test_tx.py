import pytest

from ledger.address import encode_address
from ledger.errors import AddressError
from ledger.transaction import Record, Transfer
from node.cli.remote import RequestError, parse_hash
from node.cli.tx_group import make_payload
from tests.ledger.support import BOB

ADDRESS = encode_address(BOB.public_key)


def test_a_payment_or_a_record_but_not_both() -> None:
    assert make_payload(ADDRESS, 5, None) == Transfer(BOB.public_key, 5)
    assert make_payload(None, None, "colour=red=ish") == Record(b"colour", b"red=ish")
    assert make_payload(None, None, "colour=") == Record(b"colour", b"")
    for wrong in (
        (None, None, None),
        (ADDRESS, None, None),
        (None, 5, None),
        (ADDRESS, 5, "a=b"),
        (None, None, "colour"),
        (None, None, "=red"),
    ):
        with pytest.raises(RequestError):
            make_payload(*wrong)


def test_a_mistyped_address_pays_nobody() -> None:
    with pytest.raises(AddressError):
        make_payload(ADDRESS[:-1] + ("q" if ADDRESS[-1] != "q" else "p"), 5, None)


@pytest.mark.parametrize("text", ["", "ab", "AB" * 32, "zz" * 32, "ab" * 33, "../../v1/status"])
def test_a_hash_is_64_lower_case_digits(text: str) -> None:
    assert parse_hash("ab" * 32) == b"\xab" * 32
    with pytest.raises(RequestError):
        parse_hash(text)
