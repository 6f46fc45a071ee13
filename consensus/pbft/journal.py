"""What a replica writes down, and how it stands up again from it.

Written before it is said: each accepted proposal with its value (which is the prepare, or the
primary's proposal), each prepared certificate (which is the commit), each checkpoint vote, each
view change, each opened view. So a restarted replica says the same votes again, byte for byte, and
never two digests for one kind, view and height.

Rule for reading: records come in the order they were written, later ones of a kind win.
"""

from typing import Any

from consensus.message import NULL_VALUE, Signed, compute_digest
from consensus.pbft.messages import (
    Accepted,
    Checkpoint,
    CheckpointCertificate,
    NewView,
    Observing,
    PreparedCertificate,
    Returned,
    ViewChange,
)
from consensus.pbft.quorums import compute_proposals
from consensus.pbft.replica import Phase, Replica, Role, Slot


def durable_records(replica: Replica) -> tuple[Any, ...]:
    """The whole journal, as short as it can be: the replica's promises and their proofs."""
    records: list[Any] = []
    if replica.role is Role.OBSERVER or not replica.remembers:
        records.append(Observing(replica.barrier))
    for member, barrier in sorted(replica.returned.items()):
        records.append(Returned(member, barrier))
    if replica.certificate:
        records.append(replica.certificate)
    for height in sorted(height for height in replica.slots if height > replica.floor):
        records.extend(slot_records(replica.slots[height]))
    if replica.phase is Phase.CHANGING and replica.view_change:
        records.append(replica.view_change)
    if replica.new_view:
        records.append(replica.new_view)
    for height, block_id in sorted(replica.own_checkpoints.items()):
        if height > replica.stable:
            records.append(Checkpoint(height, block_id))
    return tuple(records)


def slot_records(slot: Slot) -> list[Any]:
    """A certificate's value is kept too: after a cold restart nobody else may have it."""
    records: list[Any] = []
    if slot.certificate:
        proposal = slot.certificate.proposal
        if slot.accepted is None or slot.accepted.proposal.body.digest != proposal.body.digest:
            records.append(Accepted(proposal, slot.value(proposal.body.digest)))
        records.append(slot.certificate)
    if slot.accepted:
        records.append(slot.accepted)
    return records


def restore(replica: Replica, records: tuple[Any, ...]) -> None:
    """Rebuild the record; `decided` and `applied` already say where the ledger stands."""
    for record in records:
        restore_record(replica, record)
    if replica.new_view and replica.phase is Phase.NORMAL:
        restore_new_view(replica, replica.new_view.body)
    for slot in replica.slots.values():
        if slot.accepted and slot.accepted_view == replica.view and slot.proposal is None:
            signed = slot.accepted.proposal
            slot.proposal = signed if signed.signature else None
    for height in [height for height in replica.slots if height <= replica.floor]:
        del replica.slots[height]
    for height in [height for height in replica.own_checkpoints if height < replica.stable]:
        del replica.own_checkpoints[height]
    if replica.certificate:
        replica.uncertified = {replica.stable: replica.certificate}


def restore_record(replica: Replica, record: Any) -> None:
    """Take one record back."""
    match record:
        case Observing():
            replica.role, replica.barrier = Role.OBSERVER, record.barrier
        case Returned():
            replica.returned[record.member] = record.barrier
        case CheckpointCertificate():
            replica.stable, replica.certificate = record.height, record
        case Accepted(proposal=proposal):
            slot = replica.slot(proposal.body.height)
            slot.accepted = record
            if record.value != NULL_VALUE and proposal.body.digest == compute_digest(record.value):
                slot.values[proposal.body.digest] = record.value
        case PreparedCertificate(proposal=proposal):
            replica.slot(proposal.body.height).certificate = record
        case Checkpoint():
            replica.own_checkpoints[record.height] = record.block_id
        case ViewChange():
            replica.enter(record.view, Phase.CHANGING)
            replica.view_change, replica.new_view = record, None
        case Signed(body=NewView()):
            replica.new_view = record
            phase = Phase.NORMAL if record.signature else Phase.CHANGING
            replica.enter(record.body.view, phase)


def restore_new_view(replica: Replica, new_view: NewView) -> None:
    """Impose again what the opened view imposes."""
    replica.view_change = None
    lowest, _ = compute_proposals(new_view.view, new_view.view_changes)
    replica.imposed_to = lowest + len(new_view.proposals)
    for proposal in new_view.proposals:
        if proposal.body.height > replica.floor:
            replica.slot(proposal.body.height).proposal = proposal
