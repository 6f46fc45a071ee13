import json
from pathlib import Path

import pytest

from ledger.address import encode_address
from ledger.proofs import encode_proof, proof_to_json
from tests.ledger.support import ALICE, BOB, GENESIS, STRANGER, World, record
from tests.node.cli.conftest import Quorate
from tests.node.test_light import HEIGHT, PAYMENT, certify


@pytest.fixture
def world() -> World:
    world = World()
    world.order(PAYMENT, record(nonce=1, key=b"colour", value=b"red"))
    world.order()
    world.chain.certify(HEIGHT, certify(world, 0, 1, 3))
    return world


@pytest.fixture
def genesis(tmp_path: Path) -> Path:
    path = tmp_path / "genesis.json"
    path.write_text(GENESIS.to_json())
    return path


@pytest.fixture
def proof_file(tmp_path: Path) -> Path:
    return tmp_path / "proof"


def test_a_transaction_in_json(
    quorate: Quorate, world: World, genesis: Path, proof_file: Path
) -> None:
    proof_file.write_text(proof_to_json(world.chain.prove_transaction(PAYMENT.id)))
    words = ("verify", proof_file, "--genesis", genesis, "--json")
    answer = quorate(*words).json()
    assert answer["verified"] is True
    assert (answer["transaction"], answer["outcome"]) == (PAYMENT.id.hex(), "applied")
    assert (answer["recipient"], answer["amount"]) == (encode_address(BOB.public_key), "5")
    assert (answer["height"], answer["certified_height"]) == (1, HEIGHT)
    assert quorate(*words, "--transaction", PAYMENT.id.hex()).status == 0
    other = quorate(*words, "--transaction", "ab" * 32)
    assert (other.status, "[proof-other-subject]" in other.said) == (1, True)
    assert quorate(*words, "--account", encode_address(ALICE.public_key)).status == 1


def test_an_account_in_hex(quorate: Quorate, world: World, genesis: Path, proof_file: Path) -> None:
    proof_file.write_text(encode_proof(world.chain.prove_account(BOB.public_key)).hex() + "\n")
    address = encode_address(BOB.public_key)
    words = ("verify", proof_file, "--genesis", genesis, "--json", "--account")
    answer = quorate(*words, address).json()
    assert (answer["account"], answer["balance"], answer["exists"]) == (address, "1005", True)
    assert quorate(*words, encode_address(ALICE.public_key)).status == 1
    assert quorate(*words, address, "--record", "x").status == 1


def test_an_account_that_does_not_exist(
    quorate: Quorate, world: World, genesis: Path, proof_file: Path
) -> None:
    proof_file.write_text(encode_proof(world.chain.prove_account(STRANGER)).hex())
    answer = quorate("verify", proof_file, "--genesis", genesis, "--json").json()
    assert (answer["exists"], answer["balance"], answer["nonce"]) == (False, "0", 0)


def test_a_record_within_an_answer_of_the_api(
    quorate: Quorate, world: World, genesis: Path, proof_file: Path
) -> None:
    proof = encode_proof(world.chain.prove_record(ALICE.public_key, b"colour"))
    proof_file.write_text(json.dumps({"owner": "…", "proof": proof.hex()}))
    address = encode_address(ALICE.public_key)
    answer = quorate(
        "verify", proof_file, "--genesis", genesis, "--json",
        "--account", address, "--record", "colour",
    ).json()  # fmt: skip
    assert (answer["account"], answer["key"], answer["value"]) == (
        address,
        b"colour".hex(),
        b"red".hex(),
    )


@pytest.mark.parametrize(
    "text", ["", "zz", "00", "{", "{}", '{"kind": "nothing"}', '{"proof": "zz"}', "[]", "é"]
)
def test_what_is_no_proof_is_refused(
    quorate: Quorate, genesis: Path, proof_file: Path, text: str
) -> None:
    proof_file.write_text(text)
    done = quorate("verify", proof_file, "--genesis", genesis)
    assert (done.status, "[proof-malformed]" in done.said) == (1, True), done


def test_what_cannot_be_read_is_refused(quorate: Quorate, genesis: Path, tmp_path: Path) -> None:
    missing = quorate("verify", tmp_path / "missing", "--genesis", genesis)
    assert (missing.status, "[proof-unreadable]" in missing.said) == (1, True)
    assert quorate("verify", "--genesis", genesis).status == 1
    assert quorate("verify", "x", "--genesis", tmp_path / "missing").status == 2
    down = ("verify", "--genesis", genesis, "--url", "http://127.0.0.1:1", "--transaction")
    assert "[unreachable]" in quorate(*down, "ab" * 32).said
    assert "[bad-request]" in quorate(*down, "xyz").said
