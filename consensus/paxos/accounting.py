"""A replica's view of itself, for people: what it does, and what it waits for."""

from consensus.committee import ReplicaId
from consensus.engine import Account
from consensus.idling import must_move
from consensus.paxos.replica import Phase, Replica, Role

PHASES: tuple[str, ...] = (
    *(phase.value for phase in Phase),
    *(role.value for role in Role if role is not Role.VOTER),
)
"""Every phase there is: the role where it limits a replica, else what a voter does."""


def compute_account(replica: Replica) -> Account:
    """Phase, ballot and the voices that are still needed for the next height."""
    waiting_for, needed, heard = compute_wait(replica)
    ballot = replica.leader or replica.bar
    return Account(
        phase=replica.phase.value if replica.role is Role.VOTER else replica.role.value,
        view=max(ballot.round, 0),
        leader=replica.leader.proposer if replica.leader else None,
        height=replica.decided + 1,
        waiting_for=waiting_for,
        needed=needed,
        heard=heard,
        counters=dict(sorted(replica.counters.items())),
        goal=replica.known if replica.known > replica.decided else 0,
        suspects=find_suspects(replica),
        causes=dict(sorted(replica.ballots_left.items())),
    )


def find_suspects(replica: Replica) -> tuple[ReplicaId, ...]:
    """This voter, where it trusts a leader no more; it does not know what the others think."""
    is_sceptic = replica.is_voting and replica.leader is not None and not replica.trusts_leader
    return (replica.me,) if is_sceptic and replica.me is not None else ()


def compute_wait(replica: Replica) -> tuple[str, int, tuple[ReplicaId, ...]]:
    """What the next step waits for, how many voices that takes, and who has spoken."""
    majority = replica.committee.majority
    if replica.role is Role.HALTED:
        return "operator", 0, ()
    if replica.known > replica.decided and not replica.is_leading:
        return "blocks", 0, ()
    match replica.phase:
        case Phase.CANVASSING:
            return "supporters", majority, tuple(sorted(replica.supporters))
        case Phase.PREPARING:
            return "promises", majority, tuple(sorted(replica.promises))
    slot = replica.slots.get(replica.decided + 1)
    if slot is not None and slot.outcome is not None:
        return "value", 1, ()
    if slot is not None and replica.is_leading:
        return "accepted", majority, tuple(sorted(slot.voices))
    if slot is not None:
        return "news", 1, ()
    if replica.is_voting and not replica.trusts_leader:
        return "leader", 1, ()
    return ("proposal" if must_move(replica, replica.parameters) else "work"), 1, ()
