import pytest

from ledger.address import encode_address
from ledger.errors import AddressError
from ledger.transaction import Record, Transfer
from node.cli.remote import RequestError, parse_hash
from node.cli.tx_group import make_payload, print_story
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


def test_a_story_is_told_turn_by_turn(capsys: pytest.CaptureFixture[str]) -> None:
    turns: list[dict[str, object]] = [
        {"turn": "pending", "at_ms": 0},
        {"turn": "included", "at_ms": 1_250, "height": 7, "block": "ab"},
        {"turn": "returned", "at_ms": 2_000, "height": 7, "block": "ab"},
        {"turn": "included", "at_ms": 3_000, "height": 8, "block": "cd"},
        {"turn": "final", "at_ms": 60_000, "height": 8, "block": "cd"},
        {"turn": "dropped", "at_ms": 61_000, "reason": "tx-expired"},
    ]
    risks = [{"attacker_share": 0.1, "chance": 0.056}]
    print_story({"status": "included", "risks": risks, "story": turns})
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "status  included",
        "risk     an attacker with 10% of all work reverses it: 0.056",
        "story    1970-01-01 00:00:00.000  came in",
        "story    1970-01-01 00:00:01.250  included at height 7",
        "story    1970-01-01 00:00:02.000  back in the mempool: the block at height 7 was undone",
        "story    1970-01-01 00:00:03.000  included at height 8",
        "story    1970-01-01 00:01:00.000  final at height 8",
        "story    1970-01-01 00:01:01.000  dropped: tx-expired",
    ]
