import json

import msgspec
import pytest

from ledger.errors import ChainError, ProofError
from ledger.proofs import (
    Proof,
    decode_proof,
    encode_proof,
    proof_from_json,
    proof_to_json,
    proof_to_plain,
)
from ledger.reasons import Reason
from tests.ledger.support import ALICE, STRANGER, World, record, transfer


@pytest.fixture
def world() -> World:
    made = World()
    for height in range(5):
        made.order(*(transfer(nonce=4 * height + i) for i in range(4)), record(nonce=99))
    made.certify(3)
    return made


def make_proofs(world: World) -> list[Proof]:
    return [
        world.chain.prove_transaction(transfer(nonce=5).id),
        world.chain.prove_account(ALICE.public_key),
        world.chain.prove_account(STRANGER),
        world.chain.prove_record(ALICE.public_key, b"key"),
    ]


def test_bytes_and_json_come_back(world: World) -> None:
    for proof in make_proofs(world):
        assert decode_proof(encode_proof(proof)) == proof
        assert proof_from_json(proof_to_json(proof)) == proof


def test_the_json_form_is_readable(world: World) -> None:
    transaction, account, absent, _ = map(proof_to_plain, make_proofs(world))
    assert transaction["kind"] == "transaction"
    assert transaction["raw"] == transfer(nonce=5).raw.hex()
    assert [header["height"] for header in transaction["headers"]] == [2, 3]
    assert account["kind"] == "state"
    assert account["state_key"] == "00" + ALICE.public_key.hex()
    assert absent["leaf"] is None
    assert bytes.fromhex(account["certificate"]) == b"certificate 3"


def test_the_header_path_ends_at_the_first_certificate(world: World) -> None:
    world.certify(5)
    proof = world.chain.prove_transaction(transfer(nonce=0).id)
    assert [header.height for header in proof.headers] == [1, 2, 3]
    assert proof.certificate == b"certificate 3"


def test_what_cannot_be_proved_has_a_reason(world: World) -> None:
    with pytest.raises(ProofError) as caught:
        world.chain.prove_transaction(transfer(nonce=19).id)
    assert caught.value.reason is Reason.PROOF_NOT_CERTIFIED
    with pytest.raises(ChainError) as unknown:
        world.chain.prove_transaction(STRANGER)
    assert unknown.value.reason is Reason.CHAIN_UNKNOWN_TRANSACTION


def test_damaged_bytes(world: World) -> None:
    data = encode_proof(make_proofs(world)[0])
    for bad in (b"", data[:-1], data + b"\x00", b"\x93" + data[1:], b"\xc0"):
        with pytest.raises(ProofError) as caught:
            decode_proof(bad)
        assert caught.value.reason is Reason.PROOF_MALFORMED


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"kind": None},
        {"extra": 1},
        {"raw": "0x00"},
        {"raw": 5},
        {"raw": None},
        {"index": "0"},
        {"index": -1},
        {"index": 2**64},
        {"index": 1.5},
        {"transaction_path": ["00"]},
        {"transaction_path": "00"},
        {"transaction_path": None},
        {"headers": [{}]},
        {"headers": [5]},
        {"headers": {"0": 1}},
    ],
    ids=str,
)
def test_damaged_json(world: World, change: dict[str, object]) -> None:
    plain = proof_to_plain(make_proofs(world)[0]) | change
    with pytest.raises(ProofError) as caught:
        proof_from_json(json.dumps(plain))
    assert caught.value.reason is Reason.PROOF_MALFORMED


@pytest.mark.parametrize("text", ["", "[]", "5", "null", "{}", '"x"', "{", "[" * 100_000, "NaN"])
def test_no_proof_at_all(text: str) -> None:
    with pytest.raises(ProofError) as caught:
        proof_from_json(text)
    assert caught.value.reason is Reason.PROOF_MALFORMED


def test_a_missing_field(world: World) -> None:
    for proof in make_proofs(world):
        for field in msgspec.structs.fields(type(proof)):
            plain = proof_to_plain(proof)
            del plain[field.name]
            with pytest.raises(ProofError):
                proof_from_json(json.dumps(plain))
