"""Values: which one a replica needs, who has to fetch it, and what is worth remembering.

Votes are on digests, so a digest can matter here before its value is known: a certificate forces
it, or a quorum committed it. Then the others are asked, and the host is told to fetch what belongs
to the value and not to judge it. A value merely proposed is judged by the host first.
"""

from collections.abc import Iterator

from consensus.effects import Broadcast, Check, Effect
from consensus.message import NULL_DIGEST, Digest, Height, compute_digest
from consensus.pbft.messages import Ask, PrePrepare
from consensus.pbft.replica import VALUES_PER_SLOT, Judgement, Replica, Slot


def missing_digest(replica: Replica, height: Height, slot: Slot) -> Digest | None:
    """The value that this replica needs to go on at a height, and that the host does not hold."""
    if height <= replica.decided:
        return None
    if slot.outcome is not None:
        return None if slot.is_stored(slot.outcome.digest) else slot.outcome.digest
    if slot.proposal is None:
        return None
    digest = slot.proposal.body.digest
    return None if slot.is_stored(digest) or not replica.is_voting else digest


def want_value(replica: Replica, height: Height, slot: Slot, digest: Digest) -> Iterator[Effect]:
    """Have the value that matters here fetched and stored; a certificate forces it."""
    if digest not in slot.values:
        if slot.asked != digest and replica.me is not None:
            slot.asked = digest
            yield Broadcast(Ask(height, digest))
        return
    forced = is_forced(replica, height, slot, digest)
    known = slot.judgements.get(digest)
    if known is None or (forced and known is not Judgement.FORCED):
        slot.judgements[digest] = Judgement.FORCED if forced else Judgement.ASKED
        yield Check(height, digest, slot.values[digest], forced)


def is_forced(replica: Replica, height: Height, slot: Slot, digest: Digest) -> bool:
    """Has a certificate, a new view or this replica's own earlier vote settled the judgement."""
    if slot.outcome or height <= replica.imposed_to:
        return True
    if slot.accepted and slot.accepted.proposal.body.digest == digest:
        return True
    return slot.has_enough_prepares(replica.committee.quorum)


def has_digest(slot: Slot | None, message: PrePrepare) -> bool:
    """Is the value the one that was signed; a known value is not hashed again."""
    digest = message.proposal.body.digest
    known = slot.values.get(digest) if slot else None
    if known is not None:
        return known == message.value
    return compute_digest(message.value) == digest


def keep_value(replica: Replica, slot: Slot, digest: Digest, value: bytes) -> None:
    """Remember a value; the least needed one makes room."""
    if digest == NULL_DIGEST:
        return
    if digest == slot.asked and digest not in slot.values:
        replica.count("value_fetched")
    slot.values.setdefault(digest, value)
    if len(slot.values) > VALUES_PER_SLOT:
        needed = needed_digests(slot) | {digest}
        spare = sorted(known for known in slot.values if known not in needed)
        for known in spare[: len(slot.values) - VALUES_PER_SLOT]:
            del slot.values[known]
            slot.judgements.pop(known, None)


def needed_digests(slot: Slot) -> set[Digest]:
    """The values that this replica vouches for or waits for."""
    digests = {slot.outcome.digest} if slot.outcome else set()
    if slot.accepted:
        digests.add(slot.accepted.proposal.body.digest)
    if slot.certificate:
        digests.add(slot.certificate.proposal.body.digest)
    if slot.proposal:
        digests.add(slot.proposal.body.digest)
    return digests
