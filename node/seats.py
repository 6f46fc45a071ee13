"""Who decides, as this node's ledger knows it: a live view that every part of the node shares.

The committee stands in the state and may change with any block (`ledger.apps.committee`). Replica ids
and keys belong together for ever; who is a member changes. After each executed block `refresh` reads
the ledger again, before the engine hears of the block.
"""

from typing import Any

from consensus.committee import Committee, Former, ReplicaId
from consensus.engine_spec import EngineSpec
from consensus.message import Height
from ledger.apps.committee import ChangeRule
from ledger.chain import Chain
from ledger.leaves import MembershipState
from ledger.ledger import Ledger


def make_change_rule(spec: EngineSpec, parameters: Any) -> ChangeRule | None:
    """The ledger's rule from the engine's terms; None where the committee is fixed."""
    if (terms := spec.find_terms(parameters)) is None:
        return None
    return ChangeRule(
        terms.delay,
        terms.interval,
        lambda size, faults: terms.compute_quorum(Committee.of(size, faults)),
        lambda size, faults: spec.model.judge(size, faults).is_granted,
    )


class Seats:
    """The committee, the one before it, and this node's place, by replica ids.

    `own` is this node's key; one that `is_silent` never takes its place. A `stranger` takes part in a
    network that anybody may join, under a number of its own. `keys` and `known` grow in place: the key
    of every replica there ever was or will be next, and the set of these keys.
    """

    def __init__(
        self,
        chain: Ledger,
        own: bytes,
        *,
        is_silent: bool = False,
        stranger: ReplicaId | None = None,
    ) -> None:
        self._chain = chain
        self._own = b"" if is_silent else own
        self._stranger = stranger
        self.keys: dict[ReplicaId, bytes] = {}
        self.known: set[bytes] = set()
        self._take(chain.membership())

    def refresh(self) -> bool:
        """Read the ledger again; has another committee taken office."""
        membership = self._chain.membership()
        if membership is self._membership:
            return False
        committee = self.committee
        self._take(membership)
        return self.committee != committee

    def _take(self, membership: MembershipState) -> None:
        self._membership = membership
        self.committee = Committee(membership.members, membership.faults)
        self.former: Former | None = None
        if membership.since:
            former = Committee(membership.former_members, membership.former_faults)
            self.former = Former(membership.since, former)
        self.keys.update(enumerate(membership.keys))
        self.known.update(membership.keys)
        self._numbers = {key: replica for replica, key in enumerate(membership.keys)}
        next_ = membership.scheduled.members if membership.scheduled else ()
        self._audience = self._list((*membership.members, *next_))
        self._wide_audience = self._list((*membership.former_members, *membership.members, *next_))

    def _list(self, replicas: tuple[ReplicaId, ...]) -> list[bytes]:
        keys = [self.keys[replica] for replica in sorted(set(replicas))]
        return [key for key in dict.fromkeys(keys) if key != self._own]

    @property
    def me(self) -> ReplicaId | None:
        """This node's replica, if it is a member of the committee or a stranger that takes part."""
        number = self._numbers.get(self._own)
        if number is not None and self.committee.is_member(number):
            return number
        return self._stranger

    @property
    def voice(self) -> ReplicaId | None:
        """The same, also for one that was a member until the last change: it has a duty to end."""
        number = self._numbers.get(self._own)
        former = self.former
        if number is not None and former is not None and former.committee.is_member(number):
            return number
        return self.me

    @property
    def until(self) -> Height | None:
        """Up to where the committee is known; None where it never changes."""
        return self._chain.committee_until() if isinstance(self._chain, Chain) else None

    @property
    def since(self) -> Height:
        """The last height of the committee before, 0 for that of the genesis."""
        return self._membership.since

    @property
    def is_changing(self) -> bool:
        """Has a change been carried that is not in force yet."""
        return self._membership.scheduled is not None

    @property
    def membership(self) -> MembershipState:
        """All that the ledger says of it."""
        return self._membership

    @property
    def members(self) -> dict[ReplicaId, bytes]:
        """The public key of every member of the committee, in the order in which they lead."""
        return {member: self.keys[member] for member in self.committee.members}

    @property
    def audience(self) -> list[bytes]:
        """Whom a word for all goes to, but this node: members, those to come, and those who hand over.

        The last until a checkpoint of the present committee is certified.
        """
        if self.former is not None and self._chain.certified_height <= self.former.height:
            return self._wide_audience
        return self._audience

    def find(self, key: bytes) -> ReplicaId | None:
        """The replica that a key stands for: its last one, if it was added more than once."""
        return self._numbers.get(key)

    def committee_at(self, height: Height) -> Committee | None:
        """Who decides a height, as far as it is known here: not before the last change but one."""
        if self.until is not None and height > self.until:
            return None
        if self.former is None or height > self.former.height:
            return self.committee
        return self.former.committee
