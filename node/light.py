"""The light verifier, whole: the ledger's proofs joined to the engine's certificates.

Needs the genesis and nothing else: it names the committee, whose signatures are verified here, and
the engine, whose catalog entry knows what a quorum of them proves.
"""

from consensus import catalog
from consensus.committee import Committee
from consensus.errors import DecodeError
from consensus.message import Message, compute_vote_context
from ledger.genesis import Genesis
from ledger.keys import verify
from ledger.light import (
    Judge,
    VerifiedState,
    VerifiedTransaction,
    verify_state_proof,
    verify_transaction_proof,
)
from ledger.proofs import Proof, TransactionProof


def make_judge(genesis: Genesis) -> Judge:
    """A judge of certificates under the genesis's committee and engine.

    It answers which (height, block id) a certificate proves, or None: malformed bytes, a signature
    that does not hold, a signer who is no member, too few of them. Raises `UnknownEngineError`.
    """
    spec = catalog.get(genesis.engine)
    committee = Committee.of(len(genesis.validators), genesis.faults)
    context = compute_vote_context(genesis.chain_id, spec.name)

    def judge(certificate: bytes) -> tuple[int, bytes] | None:
        try:
            decoded = spec.certificates.decode(certificate)
        except DecodeError:
            return None
        if not hold_signatures(decoded, genesis.validators, context):
            return None
        return spec.judge_certificate(decoded, committee)

    return judge


def hold_signatures(message: Message, validators: tuple[bytes, ...], context: bytes) -> bool:
    """Does every signature within hold, each by a member of the committee."""
    return all(
        0 <= part.signer < len(validators)
        and verify(validators[part.signer], context + part.body, part.signature)
        for part in message.signed_parts()
    )


def verify_proof(genesis: Genesis, proof: Proof) -> VerifiedTransaction | VerifiedState:
    """Check a proof against the genesis alone.

    Raises `ProofError` where it does not convince, `UnknownEngineError` for an engine that is not
    in the catalog.
    """
    judge = make_judge(genesis)
    if isinstance(proof, TransactionProof):
        return verify_transaction_proof(genesis, proof, judge)
    return verify_state_proof(genesis, proof, judge)


__all__ = ["VerifiedState", "VerifiedTransaction", "make_judge", "verify_proof"]
