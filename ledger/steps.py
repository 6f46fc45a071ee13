"""The steps that a chain keeps: who decided next, proved by the committee before (`ledger.following`).

A step belongs to the last height E of a committee. It is made with the block of E, while the state of
that height is at hand, and waits for its certificate, which may come at any later time. Until then it
is *missing*, unless a certificate of an earlier height, where the change was scheduled already, has
made one. Nothing above E counts as certified meanwhile: no proof of that would convince anybody.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from ledger.errors import ProofError, StoreError
from ledger.leaves import MembershipState, leaf_codec
from ledger.proofs import StateProof, decode_proof, encode_proof
from ledger.reasons import Reason
from ledger.store.schema import STEP, at_height, prefix_range
from ledger.store.store import Batch, Store


@dataclass(frozen=True, slots=True)
class LastHeight:
    """The last height that a committee decided: replica ids, and how many of them may fail."""

    height: int
    members: tuple[int, ...]
    faults: int


class Steps:
    """All steps of one chain, in its store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        start, stop = prefix_range(STEP)
        steps = [_read(raw) for _, raw in store.scan(start, stop)]
        self.missing = {step.header.height: step for step in steps if not step.certificate}
        """The steps that no certificate covers yet, the oldest first."""

    def follow(self, height: int) -> tuple[StateProof, ...]:
        """What leads from the genesis to the committee that decided `height`."""
        start, stop = at_height(STEP, 0), at_height(STEP, height)
        return tuple(_read(raw) for _, raw in self._store.scan(start, stop))

    @property
    def barrier(self) -> int | None:
        """The first last height whose step is missing: nobody can be led above."""
        return next(iter(self.missing), None)

    def announce(self, batch: Batch, since: int, step: StateProof) -> bool:
        """Put a step without its certificate down, with its block; False if there is one already."""
        key = at_height(STEP, since)
        if self._store.get(key) is not None:
            return False
        batch.put(key, encode_proof(step))
        return True

    def complete(self, batch: Batch, height: int, certificate: bytes) -> None:
        """The certificate of a last height has come."""
        if (step := self.missing.get(height)) is not None:
            self.put(batch, height, replace(step, certificate=certificate))

    def put(self, batch: Batch, since: int, step: StateProof) -> None:
        """Keep a whole step to the committee that decides the heights above `since`."""
        batch.put(at_height(STEP, since), encode_proof(step))

    def list_missing(self) -> list[LastHeight]:
        """The heights whose certificates are wanted, and whose they are."""
        return [tell_last_height(read_membership(step)) for step in self.missing.values()]


def read_membership(step: StateProof) -> MembershipState:
    """The leaf that a step shows."""
    leaf = leaf_codec.decode(step.leaf or b"")
    assert isinstance(leaf, MembershipState)
    return leaf


def tell_last_height(membership: MembershipState) -> LastHeight:
    """The end of the committee before the one that this membership names."""
    return LastHeight(membership.since, membership.former_members, membership.former_faults)


def _read(raw: bytes) -> StateProof:
    try:
        step = decode_proof(raw)
    except ProofError as error:
        raise StoreError(Reason.STORE_CORRUPT, f"step: {error}") from error
    assert isinstance(step, StateProof)
    return step
