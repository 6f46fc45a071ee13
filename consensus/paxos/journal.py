"""What a replica writes down, and how it stands up again from it.

Written before it is said: each promise, before any answer and before a candidate's own prepare; each
accepted value, before the answer. So a restarted acceptor keeps what it promised, and a restarted
proposer never uses a ballot twice. Rule for reading: records come in the order they were written,
later ones of a kind win; whatever names a ballot is a promise too.
"""

from typing import Any

from consensus.checkpoints import is_last_height, lacks_handover
from consensus.message import compute_digest
from consensus.paxos.ballot import NO_BALLOT
from consensus.paxos.messages import Checkpoint, CheckpointCertificate, Entry, Lost, Promised
from consensus.paxos.replica import Proposal, Replica, Role, Slot


def durable_records(replica: Replica) -> tuple[Any, ...]:
    """The whole journal, as short as it can be: the promise, and what is accepted but not applied."""
    records: list[Any] = []
    if replica.role is Role.OBSERVER or not replica.remembers:
        records.append(Lost())
    if replica.handover and replica.handover != replica.certificate:
        records.append(replica.handover)
    if replica.certificate:
        records.append(replica.certificate)
    records.extend(
        Checkpoint(height, block_id)
        for height, block_id in sorted(replica.own_checkpoints.items())
        if is_last_height(replica, height)
    )
    if replica.promised > NO_BALLOT:
        records.append(Promised(replica.promised))
    records.extend(entry for _, entry in sorted(replica.unapplied.items()))
    records.extend(slot.accepted for _, slot in sorted(replica.slots.items()) if slot.accepted)
    return tuple(records)


def restore(replica: Replica, records: tuple[Any, ...]) -> None:
    """Rebuild the record; `decided` already says where the ledger stands."""
    for record in records:
        match record:
            case Lost():
                replica.role = Role.OBSERVER
            case CheckpointCertificate():
                restore_certificate(replica, record)
            case Checkpoint():
                restore_vote(replica, record)
            case Promised():
                replica.promised = max(replica.promised, record.ballot)
            case Entry():
                replica.promised = max(replica.promised, record.ballot)
                if record.height > replica.decided:
                    restore_entry(replica.slot(record.height), record)
    replica.seen = replica.promised


def restore_certificate(replica: Replica, certificate: CheckpointCertificate) -> None:
    """The newest, and the one that ends the former committee."""
    replica.certificate = certificate
    replica.certified = max(replica.certified, certificate.height)
    if replica.former is not None and certificate.height == replica.former.height:
        replica.handover = certificate


def restore_vote(replica: Replica, vote: Checkpoint) -> None:
    """This replica's vote under the last checkpoint of the former committee, if that still needs it."""
    if lacks_handover(replica) and is_last_height(replica, vote.height):
        replica.own_checkpoints[vote.height] = vote.block_id


def restore_entry(slot: Slot, entry: Entry) -> None:
    """What was accepted is also the proposal that was heard last."""
    slot.accepted = entry
    digest = compute_digest(entry.value)
    slot.proposal = Proposal(entry.ballot, digest, entry.value, imposed=True)
