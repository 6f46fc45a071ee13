"""Certificates are believed for what a quorum of the genesis's validators signed, and only then."""

import msgspec
import pytest

from consensus.message import Signed, compute_vote_context, encode
from consensus.pbft.messages import Checkpoint, CheckpointCertificate
from ledger.errors import ProofError
from ledger.genesis import Genesis
from ledger.keys import KeyPair
from ledger.leaves import AccountState
from ledger.light import VerifiedState, VerifiedTransaction
from node.light import make_judge, verify_proof
from tests.ledger.support import ALICE, GENESIS, VALIDATORS, World, make_genesis, make_key, transfer

HEIGHT = 2
PAYMENT = transfer(nonce=0, amount=5)


def vote(
    signer: int, body: Checkpoint, key: KeyPair | None = None, genesis: Genesis = GENESIS
) -> Signed[Checkpoint]:
    """A checkpoint vote, signed by the validator unless by another key."""
    context = compute_vote_context(genesis.chain_id, "pbft")
    signature = (key or VALIDATORS[signer]).sign(context + encode(body))
    return Signed(signer, body, signature)


def certify(world: World, *signers: int) -> bytes:
    """A certificate over the world's block at HEIGHT."""
    body = Checkpoint(HEIGHT, world.chain.block(HEIGHT).id)
    return encode(CheckpointCertificate(tuple(vote(signer, body) for signer in signers)))


@pytest.fixture
def world() -> World:
    world = World()
    world.order(PAYMENT)
    world.order()
    world.chain.certify(HEIGHT, certify(world, 0, 1, 3))
    return world


def test_a_quorum_of_checkpoints_is_believed(world: World) -> None:
    expected = (HEIGHT, world.chain.block(HEIGHT).id)
    assert make_judge(GENESIS)(certify(world, 0, 1, 3)) == expected
    assert make_judge(GENESIS)(certify(world, 0, 1, 2, 3)) == expected


@pytest.mark.parametrize("signers", [(), (0,), (0, 1), (0, 0, 1), (0, 1, 1)])
def test_fewer_than_a_quorum_of_different_validators_prove_nothing(
    world: World, signers: tuple[int, ...]
) -> None:
    assert make_judge(GENESIS)(certify(world, *signers)) is None


def test_a_signature_must_be_the_signers_over_exactly_this(world: World) -> None:
    body = Checkpoint(HEIGHT, world.chain.block(HEIGHT).id)
    good = [vote(0, body), vote(1, body)]
    other_height = msgspec.structs.replace(vote(2, body), body=Checkpoint(3, body.block_id))
    for bad in (
        vote(2, body, key=make_key(9)),
        vote(2, body, key=VALIDATORS[3]),
        vote(2, body, genesis=make_genesis("elsewhere")),
        msgspec.structs.replace(vote(2, body), signature=b""),
        other_height,
        msgspec.structs.replace(vote(2, body), signer=4),
    ):
        certificate = encode(CheckpointCertificate((*good, bad)))
        assert make_judge(GENESIS)(certificate) is None


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff" * 40, b"\x91\x90"])
def test_bytes_that_are_no_certificate_prove_nothing(data: bytes) -> None:
    assert make_judge(GENESIS)(data) is None


def test_a_certificate_with_another_spelling_proves_nothing(world: World) -> None:
    good = certify(world, 0, 1, 3)
    assert make_judge(GENESIS)(good + b"\x00") is None


def test_proofs_are_verified_with_the_genesis_alone(world: World) -> None:
    shown = verify_proof(GENESIS, world.chain.prove_transaction(PAYMENT.id))
    assert isinstance(shown, VerifiedTransaction)
    assert (shown.envelope.id, shown.certified_height) == (PAYMENT.id, HEIGHT)
    state = verify_proof(GENESIS, world.chain.prove_account(ALICE.public_key))
    assert isinstance(state, VerifiedState)
    assert isinstance(state.leaf, AccountState)
    assert state.leaf == world.chain.account(ALICE.public_key)


def test_another_networks_genesis_believes_none_of_it(world: World) -> None:
    strangers = make_genesis(validators=tuple(make_key(50 + i).public_key for i in range(4)))
    for proof in (
        world.chain.prove_transaction(PAYMENT.id),
        world.chain.prove_account(ALICE.public_key),
    ):
        with pytest.raises(ProofError):
            verify_proof(strangers, proof)
