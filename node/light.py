"""The light verifier, whole: the ledger's proofs joined to the engine's certificates.

Needs the genesis and nothing else: it names the first committee, whose signatures are verified here,
and the engine, whose catalog entry knows what a quorum of them proves. Later committees are believed
for the certificates of those before (`ledger.following`).
"""

from consensus import catalog
from consensus.committee import Committee
from consensus.errors import DecodeError
from consensus.message import Message, compute_vote_context
from ledger.following import JudgeFor, Tenure, make_first_tenure, verify_followed
from ledger.genesis import Genesis
from ledger.keys import verify
from ledger.light import Judge, VerifiedState, VerifiedTransaction
from ledger.proofs import Proof


def make_judge(genesis: Genesis) -> Judge:
    """A judge of certificates under the genesis's committee and engine.

    It answers which (height, block id) a certificate proves, or None: malformed bytes, a signature
    that does not hold, a signer who is no member, too few of them. Raises `UnknownEngineError`.
    """
    return make_judge_for(genesis)(make_first_tenure(genesis))


def make_judge_for(genesis: Genesis) -> JudgeFor:
    """The same for any committee that this network has had."""
    spec = catalog.get(genesis.engine)
    context = compute_vote_context(genesis.chain_id, spec.name)

    def judge_for(tenure: Tenure) -> Judge:
        committee = Committee(tenure.members, tenure.faults)

        def judge(certificate: bytes) -> tuple[int, bytes] | None:
            try:
                decoded = spec.certificates.decode(certificate)
            except DecodeError:
                return None
            if not hold_signatures(decoded, tenure.keys, context):
                return None
            return spec.judge_certificate(decoded, committee)

        return judge

    return judge_for


def hold_signatures(message: Message, keys: tuple[bytes, ...], context: bytes) -> bool:
    """Does every signature within hold, each by a replica that has a key."""
    return all(
        0 <= part.signer < len(keys)
        and verify(keys[part.signer], context + part.body, part.signature)
        for part in message.signed_parts()
    )


def verify_proof(genesis: Genesis, proof: Proof) -> VerifiedTransaction | VerifiedState:
    """Check a proof against the genesis alone.

    Raises `ProofError` where it does not convince, `UnknownEngineError` for an engine that is not
    in the catalog.
    """
    verified, _ = verify_by(genesis, proof)
    return verified


def verify_by(genesis: Genesis, proof: Proof) -> tuple[VerifiedTransaction | VerifiedState, Tenure]:
    """The same, and whose certificate convinced."""
    return verify_followed(genesis, proof, make_judge_for(genesis))


__all__ = ["VerifiedState", "VerifiedTransaction", "make_judge", "verify_by", "verify_proof"]
