"""The committee: validators vote for another one, and it takes office at a height of its own.

A change is carried as soon as a quorum of the present members wants the very same one; each member
has one vote, its last. Then the next committee is *scheduled*: it decides all heights above E, the
first multiple of `interval` that lies at least `delay` above the height of the last vote needed.
So who has executed height h knows the committee of all heights up to `compute_until(h)`, and an
engine that stays below that never has a height in flight whose committee it does not know.

Nothing here knows an engine: its rules come as plain numbers and functions (`ChangeRule`).
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from ledger.codec import U64_MAX
from ledger.errors import TransactionError
from ledger.genesis import VALIDATORS_MAX
from ledger.hashing import HASH_SIZE_BYTES
from ledger.leaves import CastVote, CommitteeState, MembershipState, Scheduled
from ledger.limits import Limits
from ledger.reasons import Reason
from ledger.state import WorkingAccount
from ledger.transaction import Reconfigure


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """When a carried change takes effect, and what an engine demands of a committee.

    `compute_quorum(size, faults)` is how many members carry a change; `is_within(size, faults)`
    whether the engine's theorem covers such a committee.
    """

    delay: int
    interval: int
    compute_quorum: Callable[[int, int], int]
    is_within: Callable[[int, int], bool]

    def compute_boundary(self, height: int) -> int:
        """The last height of the present committee, if a change is carried at `height`."""
        return -(-(height + self.delay) // self.interval) * self.interval


def make_membership(committee: CommitteeState) -> MembershipState:
    """What holds before anybody has voted: the validators of the genesis have the ids from 0 up."""
    members = tuple(range(len(committee.validators)))
    return MembershipState(committee.validators, members, committee.faults)


def make_committee(membership: MembershipState) -> CommitteeState:
    """The keys of the present members, in order, and their faults."""
    keys = tuple(membership.keys[member] for member in membership.members)
    return CommitteeState(keys, membership.faults)


def find_member(membership: MembershipState, public_key: bytes) -> int | None:
    """The replica id of a present member, or None."""
    return next((id_ for id_ in membership.members if membership.keys[id_] == public_key), None)


def compute_until(membership: MembershipState, height: int, rule: ChangeRule) -> int:
    """Up to where the committee is known to whoever has executed `height`."""
    if membership.scheduled is not None:
        return membership.scheduled.height
    return rule.compute_boundary(height + 1)


@dataclass(slots=True)
class Assembly:
    """The membership while the block at `height` is executed."""

    membership: MembershipState
    rule: ChangeRule
    height: int

    def close(self) -> MembershipState:
        """At the end of the block: what was scheduled for the heights above it takes office."""
        membership = self.membership
        scheduled = membership.scheduled
        if scheduled is not None and scheduled.height == self.height:
            self.membership = MembershipState(
                membership.keys,
                scheduled.members,
                scheduled.faults,
                self.height,
                membership.members,
                membership.faults,
            )
        return self.membership


def check(payload: Reconfigure, limits: Limits) -> None:  # noqa: ARG001 - one shape for all apps
    """A change names one or two keys; raises `TransactionError` (tx-bad-committee-change)."""
    add, remove = payload.add, payload.remove
    sizes = {len(add), len(remove)}
    if sizes not in ({0, HASH_SIZE_BYTES}, {HASH_SIZE_BYTES}) or add == remove:
        raise TransactionError(Reason.TX_BAD_COMMITTEE_CHANGE, "names one key, or two that differ")
    if payload.faults >= VALIDATORS_MAX:
        raise TransactionError(Reason.TX_BAD_COMMITTEE_CHANGE, f"faults: below {VALIDATORS_MAX}")


def apply(assembly: Assembly | None, sender: WorkingAccount, payload: Reconfigure) -> Reason | None:
    """Count a vote; the one that completes a quorum schedules the change."""
    if assembly is None:
        return Reason.TX_COMMITTEE_FIXED
    membership = assembly.membership
    voter = find_member(membership, sender.public_key)
    if voter is None:
        return Reason.TX_NOT_A_VALIDATOR
    if reason := refuse_change(membership, payload, assembly.rule):
        return reason
    vote = CastVote(voter, payload.add, payload.remove, payload.faults)
    others = tuple(cast for cast in membership.votes if cast.voter != voter)
    assembly.membership = replace(membership, votes=(*others, vote))
    if is_carried(assembly.membership, vote, assembly.rule):
        assembly.membership = schedule(assembly, payload)
    return None


def refuse_change(
    membership: MembershipState, change: Reconfigure, rule: ChangeRule
) -> Reason | None:
    """Why a change cannot be voted for, whoever votes."""
    if membership.scheduled is not None:
        return Reason.TX_CHANGE_UNDER_WAY
    if change.remove and find_member(membership, change.remove) is None:
        return Reason.TX_UNKNOWN_MEMBER
    if change.add and find_member(membership, change.add) is not None:
        return Reason.TX_ALREADY_A_MEMBER
    size = len(membership.members) + bool(change.add) - bool(change.remove)
    if not 1 <= size <= VALIDATORS_MAX or not rule.is_within(size, change.faults):
        return Reason.TX_COMMITTEE_BOUND
    return None


def is_carried(membership: MembershipState, vote: CastVote, rule: ChangeRule) -> bool:
    """Does a quorum of the present members want what `vote` wants."""
    wants = Counter((cast.add, cast.remove, cast.faults) for cast in membership.votes)
    quorum = rule.compute_quorum(len(membership.members), membership.faults)
    return wants[vote.add, vote.remove, vote.faults] >= quorum


def schedule(assembly: Assembly, change: Reconfigure) -> MembershipState:
    """The change is carried: all votes are settled, and a new member has its id.

    One that was a member before gets another id: what its old journal promised binds nobody.
    """
    membership = assembly.membership
    removed = find_member(membership, change.remove)
    members = tuple(id_ for id_ in membership.members if id_ != removed)
    keys = membership.keys
    if change.add:
        members, keys = (*members, len(keys)), (*keys, change.add)
    height = min(assembly.rule.compute_boundary(assembly.height), U64_MAX)
    scheduled = Scheduled(height, members, change.faults)
    return replace(membership, keys=keys, scheduled=scheduled, votes=())
