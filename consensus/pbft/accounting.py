"""A replica's view of itself, for people: what it does, and what it waits for."""

from consensus.committee import ReplicaId
from consensus.engine import Account
from consensus.idling import must_move
from consensus.message import Height
from consensus.pbft.replica import Phase, Replica, Role, Slot
from consensus.pbft.suspicion import compute_suspects
from consensus.pbft.timing import has_undecided

PHASES: tuple[str, ...] = (
    *(phase.value for phase in Phase),
    *(role.value for role in Role if role is not Role.VOTER),
)
"""Every phase there is: the role where it limits a replica, else what a voter does."""


def compute_account(replica: Replica) -> Account:
    """Phase, view and the voices that are still needed for the next height."""
    waiting_for, needed, heard = compute_wait(replica)
    return Account(
        phase=compute_phase(replica),
        view=replica.view,
        leader=replica.primary,
        height=replica.decided + 1,
        waiting_for=waiting_for,
        needed=needed,
        heard=heard,
        counters=dict(sorted(replica.counters.items())),
        goal=compute_goal(replica),
        suspects=tuple(sorted(compute_suspects(replica))),
        causes=dict(sorted(replica.views_left.items())),
    )


def compute_goal(replica: Replica) -> Height:
    """Where an observer votes again, else what some correct member has decided and this one has not."""
    if replica.role is Role.OBSERVER:
        return replica.barrier
    return replica.trusted_claim if replica.is_behind else 0


def compute_phase(replica: Replica) -> str:
    """The role where it limits the replica, else the phase of its view."""
    return replica.phase.value if replica.role is Role.VOTER else replica.role.value


def compute_wait(replica: Replica) -> tuple[str, int, tuple[ReplicaId, ...]]:
    """What the next step waits for, how many voices that takes, and who has spoken."""
    quorum = replica.committee.quorum
    if replica.role is Role.HALTED:
        return "operator", 0, ()
    if replica.is_behind:
        return "blocks", 0, ()
    if replica.phase is Phase.CHANGING:
        asking = sorted(r for r, s in replica.view_changes.items() if s.body.view >= replica.view)
        if len(asking) >= quorum:
            return "new-view", 1, ()
        return "view-changes", quorum, tuple(asking)
    slot = replica.slots.get(replica.decided + 1)
    if slot is None and not has_undecided(replica):
        return ("proposal" if must_move(replica, replica.parameters) else "work"), 1, ()
    return compute_slot_wait(replica, slot or Slot())


def compute_slot_wait(replica: Replica, slot: Slot) -> tuple[str, int, tuple[ReplicaId, ...]]:
    """The same for a height under way."""
    quorum = replica.committee.quorum
    if slot.outcome:
        return "value", 1, ()
    if slot.certificate_view == replica.view and slot.certificate:
        digest = slot.certificate.proposal.body.digest
        heard = sorted(r for r, vote in slot.commits.items() if vote.body.digest == digest)
        return "commits", quorum, tuple(heard)
    if slot.proposal is None:
        return "proposal", 1, ()
    if replica.is_voting and slot.accepted_view != replica.view:
        return "value", 1, ()
    votes = slot.matching_prepares(slot.proposal.body)
    return "prepares", quorum, tuple(sorted([slot.proposal.signer, *(v.signer for v in votes)]))
