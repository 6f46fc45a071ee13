"""What a replica writes down, and how it stands up again from it.

Written before it is said: each promise, before any answer and before a candidate's own prepare; each
accepted value, before the answer. So a restarted acceptor keeps what it promised, and a restarted
proposer never uses a ballot twice. Rule for reading: records come in the order they were written,
later ones of a kind win; whatever names a ballot is a promise too.
"""

from typing import Any

from consensus.message import compute_digest
from consensus.paxos.ballot import NO_BALLOT
from consensus.paxos.messages import CheckpointCertificate, Entry, Lost, Promised
from consensus.paxos.replica import Proposal, Replica, Role, Slot


def durable_records(replica: Replica) -> tuple[Any, ...]:
    """The whole journal, as short as it can be: the promise, and what is accepted but not applied."""
    records: list[Any] = []
    if replica.role is Role.OBSERVER or not replica.remembers:
        records.append(Lost())
    if replica.certificate:
        records.append(replica.certificate)
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
                replica.certificate, replica.certified = record, record.height
            case Promised():
                replica.promised = max(replica.promised, record.ballot)
            case Entry():
                replica.promised = max(replica.promised, record.ballot)
                if record.height > replica.decided:
                    restore_entry(replica.slot(record.height), record)
    replica.seen = replica.promised


def restore_entry(slot: Slot, entry: Entry) -> None:
    """What was accepted is also the proposal that was heard last."""
    slot.accepted = entry
    digest = compute_digest(entry.value)
    slot.proposal = Proposal(entry.ballot, digest, entry.value, imposed=True)
