"""From the committee of the genesis to a later one, by certificates: what a light client follows.

A *step* is a proof of the membership's leaf under a certified header, at a height where it names the
next committee: from the block that carried the change up to the last block of the committee before.
So its certificate is the work of a committee that is known already, and it says who decides the
heights above. Whoever believes one committee's quorum thereby believes the next committee.

What this cannot show is that no later change was left out: a proof is as recent as its certificate,
and members who left long ago, if a quorum of their keys came into wrong hands, could still sign one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ledger.errors import ProofError
from ledger.genesis import Genesis
from ledger.leaves import MEMBERSHIP_KEY, MembershipState
from ledger.light import (
    Judge,
    VerifiedState,
    VerifiedTransaction,
    verify_state_proof,
    verify_transaction_proof,
)
from ledger.proofs import FollowedProof, Proof, StateProof, TransactionProof
from ledger.reasons import Reason


@dataclass(frozen=True, slots=True)
class Tenure:
    """A committee that decides the heights above `since`.

    `members` are replica ids; `keys[i]` is the public key of replica i, of all there ever were.
    """

    since: int
    keys: tuple[bytes, ...]
    members: tuple[int, ...]
    faults: int


JudgeFor: TypeAlias = Callable[[Tenure], Judge]
"""The judge of a committee's certificates."""


def make_first_tenure(genesis: Genesis) -> Tenure:
    """The committee that the genesis names."""
    keys = genesis.validators
    return Tenure(0, keys, tuple(range(len(keys))), genesis.faults)


def find_next_tenure(membership: MembershipState, height: int) -> Tenure | None:
    """The committee that the leaf at `height` announces for later heights, if it does."""
    scheduled = membership.scheduled
    if scheduled is not None:
        return Tenure(scheduled.height, membership.keys, scheduled.members, scheduled.faults)
    if membership.since != height:
        return None
    return Tenure(height, membership.keys, membership.members, membership.faults)


def follow_steps(
    genesis: Genesis, steps: Sequence[StateProof], judge_for: JudgeFor
) -> list[Tenure]:
    """The committees that the steps prove, one after the other; raises `ProofError`."""
    tenures = [make_first_tenure(genesis)]
    for step in steps:
        known, height = tenures[-1], step.header.height
        if step.state_key != MEMBERSHIP_KEY or height <= known.since:
            raise ProofError(Reason.PROOF_MALFORMED, "not a step from the committee before")
        leaf = verify_state_proof(genesis, step, judge_for(known)).leaf
        found = find_next_tenure(leaf, height) if isinstance(leaf, MembershipState) else None
        if found is None or found.since < height:
            raise ProofError(Reason.PROOF_BAD_VALUE, "a step that leads to no other committee")
        tenures.append(found)
    return tenures


def get_certified_height(proof: TransactionProof | StateProof) -> int:
    """The height whose certificate a proof carries."""
    if isinstance(proof, StateProof):
        return proof.header.height
    if not proof.headers:
        raise ProofError(Reason.PROOF_MALFORMED, "no header")
    return proof.headers[-1].height


def verify_followed(
    genesis: Genesis, proof: Proof, judge_for: JudgeFor
) -> tuple[VerifiedTransaction | VerifiedState, Tenure]:
    """Check a proof, with its steps if it has any; what it shows, and by whose certificate.

    Raises `ProofError`.
    """
    steps: tuple[StateProof, ...] = ()
    if isinstance(proof, FollowedProof):
        steps, proof = proof.steps, proof.proof
    height = get_certified_height(proof)
    tenures = follow_steps(genesis, steps, judge_for)
    tenure = next((one for one in reversed(tenures) if one.since < height), tenures[0])
    judge = judge_for(tenure)
    if isinstance(proof, TransactionProof):
        return verify_transaction_proof(genesis, proof, judge), tenure
    return verify_state_proof(genesis, proof, judge), tenure
