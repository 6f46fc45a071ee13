"""The light verifier believes what is true and nothing that has been bent."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import state_tree
from ledger.block import Header, Receipt, header_id
from ledger.codec import encode
from ledger.errors import ProofError
from ledger.leaves import (
    AccountState,
    CommitteeState,
    RecordState,
    account_key,
    hash_key,
    hash_value,
)
from ledger.light import verify_state_proof, verify_transaction_proof
from ledger.proofs import (
    FollowedProof,
    StateProof,
    TransactionProof,
    decode_proof,
    encode_proof,
)
from ledger.reasons import Reason
from ledger.state_tree import BUCKET_LEAVES_MAX
from tests.ledger.support import (
    ALICE,
    BOB,
    CAROL,
    GENESIS,
    STRANGER,
    World,
    make_genesis,
    make_key,
    record,
    transfer,
)

replace = msgspec.structs.replace
PEOPLE = [make_key(1_000 + number).public_key for number in range(60)]


def make_world() -> World:
    world = World()
    for height in range(6):
        payments = [
            transfer(nonce=10 * height + i, to=PEOPLE[10 * height + i], amount=5) for i in range(10)
        ]
        world.order(*payments, transfer(CAROL, height, amount=900))
    world.order(record(nonce=60, value=b"written"))
    world.certify(4)
    world.certify(7)
    return world


WORLD = make_world()
JUDGE = WORLD.judge()
PAID = transfer(nonce=13, to=PEOPLE[13], amount=5)


def refuse(proof: TransactionProof | StateProof, genesis: Any = GENESIS, judge: Any = JUDGE) -> Any:
    verify: Any = verify_state_proof
    if isinstance(proof, TransactionProof):
        verify = verify_transaction_proof
    with pytest.raises(ProofError) as caught:
        verify(genesis, proof, judge)
    return caught.value.reason


def paid_proof() -> TransactionProof:
    return WORLD.chain.prove_transaction(PAID.id)


def account_proof() -> StateProof:
    return WORLD.chain.prove_account(PEOPLE[13])


def test_every_transaction_is_provable() -> None:
    for height in range(1, 8):
        for index, transaction_id in enumerate(WORLD.chain.block(height).ids):
            proof = WORLD.chain.prove_transaction(transaction_id)
            verified = verify_transaction_proof(GENESIS, proof, JUDGE)
            assert verified.envelope.id == transaction_id
            assert verified.header == WORLD.chain.header(height)
            assert verified.block_id == WORLD.chain.block(height).id
            assert verified.index == index
            assert verified.receipt == WORLD.chain.block(height).receipts[index]
            assert verified.certified_height == (4 if height <= 4 else 7)


def test_a_failed_transaction_is_proved_to_have_failed() -> None:
    proof = WORLD.chain.prove_transaction(transfer(CAROL, 0, amount=900).id)
    verified = verify_transaction_proof(GENESIS, proof, JUDGE)
    assert (verified.receipt.status, verified.receipt.reason) == (
        "failed",
        "tx-insufficient-balance",
    )


def test_every_account_and_every_absence_is_provable() -> None:
    assert len(PEOPLE) > 2 * BUCKET_LEAVES_MAX
    for key in [ALICE.public_key, BOB.public_key, *PEOPLE, STRANGER, bytes(32)]:
        verified = verify_state_proof(GENESIS, WORLD.chain.prove_account(key), JUDGE)
        expected = WORLD.chain.account(key)
        assert verified.leaf == (expected if expected != AccountState(0, 0) else None)
        assert verified.state_key == account_key(key)
        assert verified.header.height == 7


def test_records_and_the_committee_are_provable() -> None:
    proof = WORLD.chain.prove_record(ALICE.public_key, b"key")
    assert verify_state_proof(GENESIS, proof, JUDGE).leaf == RecordState(b"written")
    absent = WORLD.chain.prove_record(ALICE.public_key, b"other")
    assert verify_state_proof(GENESIS, absent, JUDGE).leaf is None
    committee = WORLD.chain._prove_state(b"\x02committee")
    leaf = verify_state_proof(GENESIS, committee, JUDGE).leaf
    assert leaf == CommitteeState(GENESIS.validators, 1)


def test_at_height_zero_the_genesis_is_enough() -> None:
    proof = World().chain.prove_account(ALICE.public_key)
    verified = verify_state_proof(GENESIS, proof, lambda _: None)
    assert verified.leaf == AccountState(1_000_000, 0)
    assert refuse(proof, genesis=make_genesis("other")) is Reason.PROOF_OTHER_CHAIN


def bend(header: Header, **fields: Any) -> Header:
    return replace(header, **fields)


BENT_TRANSACTIONS: dict[str, tuple[Callable[[TransactionProof], TransactionProof], Reason]] = {
    "raw of another": (lambda p: replace(p, raw=transfer().raw), Reason.PROOF_BAD_VALUE),
    "raw garbage": (lambda p: replace(p, raw=b"garbage"), Reason.PROOF_BAD_VALUE),
    "raw unsigned": (lambda p: replace(p, raw=p.raw[:-64] + bytes(64)), Reason.PROOF_BAD_VALUE),
    "receipt of another": (
        lambda p: replace(p, receipt=encode(Receipt(transfer().id, "applied", "none", 1))),
        Reason.PROOF_BAD_VALUE,
    ),
    "receipt bent": (
        lambda p: replace(p, receipt=encode(Receipt(PAID.id, "failed", "none", 1))),
        Reason.PROOF_BAD_PATH,
    ),
    "receipt garbage": (lambda p: replace(p, receipt=b"garbage"), Reason.PROOF_MALFORMED),
    "index": (lambda p: replace(p, index=p.index + 1), Reason.PROOF_BAD_PATH),
    "size": (lambda p: replace(p, size=p.index), Reason.PROOF_BAD_PATH),
    "path": (
        lambda p: replace(p, transaction_path=(bytes(32), *p.transaction_path[1:])),
        Reason.PROOF_BAD_PATH,
    ),
    "receipt path": (lambda p: replace(p, receipt_path=p.receipt_path[:-1]), Reason.PROOF_BAD_PATH),
    "no headers": (lambda p: replace(p, headers=()), Reason.PROOF_MALFORMED),
    "header bent": (
        lambda p: replace(p, headers=(bend(p.headers[0], timestamp_ms=1), *p.headers[1:])),
        Reason.PROOF_BAD_HEADER,
    ),
    "header left out": (
        lambda p: replace(p, headers=(p.headers[0], *p.headers[2:])),
        Reason.PROOF_BAD_HEADER,
    ),
    "height bent": (
        lambda p: replace(p, headers=(bend(p.headers[0], height=9), *p.headers[1:])),
        Reason.PROOF_BAD_HEADER,
    ),
    "last header bent": (
        lambda p: replace(p, headers=(*p.headers[:-1], bend(p.headers[-1], state_root=bytes(32)))),
        Reason.PROOF_BAD_CERTIFICATE,
    ),
    "certificate": (
        lambda p: replace(p, certificate=b"certificate 7"),
        Reason.PROOF_BAD_CERTIFICATE,
    ),
    "no certificate": (lambda p: replace(p, certificate=b""), Reason.PROOF_BAD_CERTIFICATE),
}


@pytest.mark.parametrize("name", BENT_TRANSACTIONS)
def test_a_bent_transaction_proof_is_refused(name: str) -> None:
    change, reason = BENT_TRANSACTIONS[name]
    verify_transaction_proof(GENESIS, paid_proof(), JUDGE)
    assert refuse(change(paid_proof())) is reason


BENT_STATES: dict[str, tuple[Callable[[StateProof], StateProof], Reason]] = {
    "richer": (lambda p: replace(p, leaf=encode(AccountState(50, 0))), Reason.PROOF_BAD_VALUE),
    "denied": (lambda p: replace(p, leaf=None), Reason.PROOF_BAD_VALUE),
    "another's": (
        lambda p: replace(p, state_key=account_key(STRANGER)),
        Reason.PROOF_BAD_PATH,
    ),
    "leaf left out of the bucket": (lambda p: replace(p, entries=b""), Reason.PROOF_BAD_PATH),
    "short path": (lambda p: replace(p, siblings=p.siblings[1:]), Reason.PROOF_BAD_PATH),
    "bent path": (
        lambda p: replace(p, siblings=(*p.siblings[:-1], bytes(32))),
        Reason.PROOF_BAD_PATH,
    ),
    "bent header": (
        lambda p: replace(p, header=bend(p.header, timestamp_ms=5)),
        Reason.PROOF_BAD_CERTIFICATE,
    ),
    "other height": (
        lambda p: replace(p, certificate=b"certificate 4"),
        Reason.PROOF_BAD_CERTIFICATE,
    ),
    "block zero": (
        lambda p: replace(p, header=bend(p.header, height=0)),
        Reason.PROOF_OTHER_CHAIN,
    ),
}


@pytest.mark.parametrize("name", BENT_STATES)
def test_a_bent_state_proof_is_refused(name: str) -> None:
    change, reason = BENT_STATES[name]
    verify_state_proof(GENESIS, account_proof(), JUDGE)
    assert refuse(change(account_proof())) is reason


def test_an_absence_cannot_be_bent_into_a_presence() -> None:
    proof = WORLD.chain.prove_account(STRANGER)
    richer = replace(proof, leaf=encode(AccountState(50, 0)))
    assert refuse(richer) is Reason.PROOF_BAD_VALUE


def test_a_leaf_of_no_known_kind_is_refused() -> None:
    """Even if a state tree had committed to such bytes."""
    proof = account_proof()
    assert proof.leaf is not None
    entries = hash_key(proof.state_key) + hash_value(b"garbage")
    header = replace(proof.header, state_root=state_tree.hash_bucket(entries))
    bent = replace(proof, leaf=b"garbage", entries=entries, siblings=(), header=header)
    assert refuse(bent, judge=lambda _: (7, header_id(header))) is Reason.PROOF_BAD_VALUE


def test_a_judge_that_does_not_know_the_certificate() -> None:
    for proof in (paid_proof(), account_proof()):
        assert refuse(proof, judge=lambda _: None) is Reason.PROOF_BAD_CERTIFICATE
        assert refuse(proof, judge=lambda _: (7, bytes(32))) is Reason.PROOF_BAD_CERTIFICATE


def test_a_transaction_of_another_network_is_refused() -> None:
    """A chain may hold it only if everybody there is wrong; the verifier still says no."""
    assert refuse(paid_proof(), genesis=make_genesis("other")) is Reason.PROOF_OTHER_CHAIN


@settings(max_examples=300)
@given(st.sampled_from(["transaction", "account"]), st.integers(0), st.integers(0, 7))
def test_no_flipped_bit_is_believed(which: str, place: int, bit: int) -> None:
    proof = paid_proof() if which == "transaction" else account_proof()
    data = bytearray(encode_proof(proof))
    data[place % len(data)] ^= 1 << bit
    try:
        bent = decode_proof(bytes(data))
    except ProofError:
        return
    assert not isinstance(bent, FollowedProof)
    refuse(bent)
