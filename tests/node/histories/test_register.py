"""Registers: whose number a write has."""

from ledger.keys import KeyPair
from ledger.transaction import Record
from ledger.validation import check_signature
from node.histories.register import FILLER_KEY, RECORD_KEY, Register


def test_numbers_are_used_once_unless_they_were_refused() -> None:
    register = Register("r", KeyPair(b"\x07" * 32), bytes(32), 5)
    made = [register.sign(f"v{number}") for number in range(4)]
    assert [one.transaction.nonce for one in made] == [0, 1, 2, 3]
    register.release(made[2])
    register.release(made[1])
    again = [register.sign(f"w{number}") for number in range(3)]
    assert [one.transaction.nonce for one in again] == [1, 2, 4]
    assert register.fill() == []
    register.release(again[0])
    (filler,) = register.fill()
    assert filler.transaction.nonce == 1
    assert filler.transaction.payload == Record(FILLER_KEY, b"-")
    assert register.sign("x").transaction.nonce == 5


def test_a_write_is_a_signed_record() -> None:
    envelope = Register("r", KeyPair(b"\x07" * 32), bytes(32), 5).sign("ü")
    check_signature(envelope)
    assert envelope.transaction.payload == Record(RECORD_KEY, "ü".encode())
    assert (envelope.transaction.fee, envelope.transaction.valid_until) == (0, 1_000_005)
