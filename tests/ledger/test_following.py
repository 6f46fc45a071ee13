"""A light client follows the committee by certificates, and nowhere else."""

from typing import Any

import msgspec
import pytest

from ledger.errors import ProofError
from ledger.following import Tenure, verify_followed
from ledger.leaves import AccountState
from ledger.light import Judge, VerifiedState, VerifiedTransaction
from ledger.proofs import (
    FollowedProof,
    StateProof,
    decode_proof,
    encode_proof,
    proof_from_json,
    proof_to_json,
)
from ledger.reasons import Reason
from tests.ledger.apps.test_committee import NEW, OTHER, Assembly
from tests.ledger.support import ALICE, GENESIS, VALIDATORS, transfer

replace = msgspec.structs.replace
KEYS = [key.public_key for key in VALIDATORS]


def judge_for(tenure: Tenure) -> Judge:
    """A certificate is the height, the block id and the members who vouch for it."""

    def judge(certificate: bytes) -> tuple[int, bytes] | None:
        height, block_id, members = msgspec.msgpack.decode(certificate)
        return (height, block_id) if tuple(members) == tenure.members else None

    return judge


class Followed(Assembly):
    """Every fourth block is certified by the committee of its height."""

    def reach(self, height: int) -> None:
        while self.chain.height < height:
            members = self.chain.membership().members
            self.order()
            self.attest(members)

    def attest(self, members: tuple[int, ...]) -> None:
        at = self.chain.height
        if at % 4 == 0:
            block_id = self.chain.block(at).id
            self.chain.certify(at, msgspec.msgpack.encode([at, block_id, members]))


@pytest.fixture
def world() -> Followed:
    """Two changes: (0, 1, 2, 3) up to 8, (0, 1, 2, 3, 4) up to 16, then (1, 2, 3, 4, 5)."""
    made = Followed()
    made.reach(1)
    made.vote(*VALIDATORS[:3], add=NEW.public_key)
    made.reach(9)
    made.vote(*VALIDATORS, add=OTHER.public_key, remove=KEYS[0])
    made.reach(18)
    made.order(transfer(ALICE, 0))
    made.reach(20)
    return made


def refuse(proof: Any) -> Reason:
    with pytest.raises(ProofError) as caught:
        verify_followed(GENESIS, proof, judge_for)
    return caught.value.reason


def test_proofs_lead_from_the_genesis_to_the_last_committee(world: Followed) -> None:
    proof = world.chain.follow(world.chain.prove_account(ALICE.public_key))
    assert isinstance(proof, FollowedProof)
    assert [step.header.height for step in proof.steps] == [8, 16]
    verified, tenure = verify_followed(GENESIS, proof, judge_for)
    assert isinstance(verified, VerifiedState)
    assert isinstance(verified.leaf, AccountState)
    assert (tenure.since, tenure.members) == (16, (1, 2, 3, 4, 5))
    assert tenure.keys == (*KEYS, NEW.public_key, OTHER.public_key)
    payment = transfer(ALICE, 0)
    shown, tenure = verify_followed(
        GENESIS, world.chain.follow(world.chain.prove_transaction(payment.id)), judge_for
    )
    assert isinstance(shown, VerifiedTransaction)
    assert (shown.envelope.id, tenure.since) == (payment.id, 16)


def test_bytes_and_json(world: Followed) -> None:
    proof = world.chain.follow(world.chain.prove_account(ALICE.public_key))
    assert decode_proof(encode_proof(proof)) == proof
    assert proof_from_json(proof_to_json(proof)) == proof


def test_without_a_change_a_proof_is_as_it_was() -> None:
    world = Followed()
    world.reach(4)
    bare = world.chain.prove_account(ALICE.public_key)
    assert world.chain.follow(bare) is bare
    _, tenure = verify_followed(GENESIS, bare, judge_for)
    assert tenure.members == (0, 1, 2, 3)


def test_no_step_can_be_left_out_moved_or_made_up(world: Followed) -> None:
    proof = world.chain.follow(world.chain.prove_account(ALICE.public_key))
    assert isinstance(proof, FollowedProof)
    first, second = proof.steps
    bare = proof.proof
    for steps in ((), (first,), (second,)):
        assert refuse(FollowedProof(steps, bare)) is Reason.PROOF_BAD_CERTIFICATE
    assert refuse(FollowedProof((first, second, second), bare)) is Reason.PROOF_MALFORMED
    assert isinstance(bare, StateProof)
    assert refuse(FollowedProof((first, bare), bare)) is Reason.PROOF_MALFORMED
    forged = replace(first, leaf=second.leaf)
    assert refuse(FollowedProof((forged, second), bare)) is Reason.PROOF_BAD_VALUE
    settled = world.chain.prove_membership()
    assert refuse(FollowedProof((first, second, settled), bare)) is Reason.PROOF_BAD_VALUE


def test_members_who_have_left_certify_nothing_later(world: Followed) -> None:
    world.order()
    proof = world.chain.follow(world.chain.prove_account(ALICE.public_key))
    assert isinstance(proof, FollowedProof)
    bare = proof.proof
    assert isinstance(bare, StateProof)
    height, block_id, _ = msgspec.msgpack.decode(bare.certificate)
    for members in ((0, 1, 2, 3), (0, 1, 2, 3, 4)):
        old = replace(bare, certificate=msgspec.msgpack.encode([height, block_id, members]))
        assert refuse(FollowedProof(proof.steps, old)) is Reason.PROOF_BAD_CERTIFICATE


def test_a_schedule_is_a_step_too() -> None:
    """The block that carried the change is certified; that of the last height is not yet, or never."""
    world = Followed()
    world.reach(3)
    world.order(*(world.cast(voter, NEW.public_key) for voter in VALIDATORS[:3]))
    world.attest((0, 1, 2, 3))
    while world.chain.height < 11:
        world.order()
    members = world.chain.membership().members
    world.order()
    world.attest(members)
    proof = world.chain.follow(world.chain.prove_account(ALICE.public_key))
    assert isinstance(proof, FollowedProof)
    assert [step.header.height for step in proof.steps] == [4]
    _, tenure = verify_followed(GENESIS, proof, judge_for)
    assert (tenure.since, tenure.members) == (8, (0, 1, 2, 3, 4))
