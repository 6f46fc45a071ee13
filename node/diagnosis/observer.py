"""Gathers the facts of one node and dates them; the one part of a diagnosis that looks around."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from consensus.committee import ReplicaId
from consensus.engine import Account
from consensus.message import Height
from node.api.backend import NodeState, name_replica
from node.core import Core
from node.diagnosis.dates import Dates
from node.diagnosis.diagnose import diagnose
from node.diagnosis.facts import (
    Change,
    Clock,
    CoinFacts,
    Evidence,
    Facts,
    Member,
    Presence,
    TreeFacts,
)
from node.diagnosis.finding import Finding
from node.peers.records import PeerInfo

SILENT_MS = 3_000
"""Peers tell their status each second: whoever missed three says nothing."""


class Witness(Protocol):
    """What the engine's host remembers of its members."""

    @property
    def heard_at(self) -> Mapping[ReplicaId, float]:
        """When the engine last got a message of each, on the monotonic clock."""

    @property
    def accused_at(self) -> Mapping[ReplicaId, list[float]]:
        """When proof was seen of each one's misbehaviour, on the monotonic clock."""


class Links(Protocol):
    """What the peer layer tells."""

    def connected(self) -> list[PeerInfo]:
        """Every linked peer."""

    def absences(self) -> Mapping[bytes, str]:
        """Why peers are not linked, as far as that is known."""


class Ahead(Protocol):
    """What notices that others are ahead."""

    def target(self) -> Height:
        """Where they stand."""


class Observer:
    """Looks at one node; `look()` is to be called often, for what nobody looked at has no date.

    `patience_ms` is how long the engine bears a leader that does nothing.
    """

    def __init__(
        self,
        core: Core,
        engine: Any,
        witness: Witness,
        links: Links,
        catch_up: Ahead,
        *,
        patience_ms: int,
        tree: Callable[[], TreeFacts | None] = lambda: None,
        coin: Callable[[], CoinFacts | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._core = core
        self._engine = engine
        self._witness = witness
        self._links = links
        self._catch_up = catch_up
        self._tree = tree
        self._coin = coin
        self._clock = clock
        self._dates = Dates(clock)
        self._patience_ms = patience_ms
        self._height = core.chain.height
        self._leader: ReplicaId | None = None
        self._former: ReplicaId | None = None
        self.oldest_ms: Callable[[], int | None] = lambda: None

    @property
    def account(self) -> Account:
        """The engine's own account."""
        return self._core.spec.account(self._engine)

    def diagnose(self, state: NodeState) -> tuple[Finding, ...]:
        """What is worth saying, the most important first."""
        return diagnose(self.look(state))

    def look(self, state: NodeState) -> Facts:
        """The facts as they are now."""
        core, account, dates = self._core, self.account, self._dates
        chain, mempool, section = core.chain, core.mempool, core.config.mempool
        peers = {peer.peer_id: peer for peer in self._links.connected()}
        is_at_rest = account.waiting_for == "work"
        wait_ms = dates.age_ms("wait", (chain.head_id, is_at_rest))
        mark = (account.phase, account.view, account.leader, account.height, account.waiting_for)
        self._note_reign(account)
        return Facts(
            account=account,
            me=core.me,
            members=self._list_members(peers),
            quorum=core.spec.count_quorum(core.committee),
            state=state.value,
            patience_ms=self._patience_ms,
            height=chain.height,
            head_ms=dates.age_ms("head", chain.head_id),
            wait_ms=0 if is_at_rest else wait_ms,
            phase_ms=dates.age_ms("phase", mark),
            pending=mempool.count,
            pending_max=section.count_max,
            size_bytes=mempool.size_bytes,
            size_bytes_max=section.size_bytes_max,
            oldest_ms=self.oldest_ms(),
            is_overdue=mempool.is_overdue(),
            target=self._catch_up.target(),
            helpers=self._list_helpers(peers),
            former_leader=None if self._former is None else name_replica(self._former),
            reign_ms=dates.age_ms("reign", (self._former, self._leader)),
            evidence=self._list_evidence(),
            clocks=self._list_clocks(),
            change=self._describe_change(),
            tree=self._tree(),
            coin=self._coin(),
        )

    def _list_members(self, peers: Mapping[bytes, PeerInfo]) -> tuple[Member, ...]:
        seats, heard_at, why = self._core.seats, self._witness.heard_at, self._links.absences()
        return tuple(
            self._describe(replica, peers.get(key), heard_at.get(replica), why.get(key, ""))
            for replica, key in seats.members.items()
        )

    def _describe(
        self, replica: ReplicaId, peer: PeerInfo | None, heard_at: float | None, why: str
    ) -> Member:
        presence, silence_ms = self._judge_presence(replica, peer)
        age_ms = self._dates.age_ms(("member", replica), presence)
        return Member(
            replica=replica,
            name=name_replica(replica),
            presence=presence,
            presence_ms=max(age_ms, silence_ms if presence is Presence.SILENT else 0),
            heard_ms=None if heard_at is None else self._since_ms(heard_at),
            height=peer.status.height if peer and peer.status else None,
            why=why if presence is Presence.UNREACHABLE else "",
        )

    def _judge_presence(self, replica: ReplicaId, peer: PeerInfo | None) -> tuple[Presence, int]:
        """How it stands to this node, and for how long nothing came over its link."""
        if replica == self._core.me:
            return Presence.SELF, 0
        if peer is None:
            return Presence.UNREACHABLE, 0
        is_silent = peer.silent_ms > SILENT_MS
        return (Presence.SILENT if is_silent else Presence.LINKED), peer.silent_ms

    def _since_ms(self, at: float) -> int:
        return int((self._clock() - at) * 1_000)

    def _list_helpers(self, peers: Mapping[bytes, PeerInfo]) -> tuple[str, ...]:
        height = self._core.chain.height
        ahead = [p for p in peers.values() if p.status and p.status.height > height]
        return tuple(sorted(peer.name or peer.peer_id.hex()[:8] for peer in ahead))

    def _list_evidence(self) -> tuple[Evidence, ...]:
        return tuple(
            Evidence(name_replica(offender), self._since_ms(at))
            for offender, times in sorted(self._witness.accused_at.items())
            for at in times
        )

    def _list_clocks(self) -> tuple[Clock, ...]:
        seats = self._core.seats
        return tuple(
            Clock(name_key(seats.find(key), key), ahead.beyond_ms, self._since_ms(ahead.at))
            for key, ahead in self._core.clocks.ahead.items()
        )

    def _note_reign(self, account: Account) -> None:
        """Whoever leads when a block comes reigns; who did before is remembered."""
        height = self._core.chain.height
        if height == self._height or account.leader is None:
            return
        self._height = height
        if self._leader not in {None, account.leader}:
            self._former = self._leader
        self._leader = account.leader

    def _describe_change(self) -> Change | None:
        seats, chain = self._core.seats, self._core.chain
        membership, former = seats.membership, seats.former
        if membership.scheduled is not None:
            return make_change(
                membership.scheduled.height,
                frozenset(membership.scheduled.members),
                frozenset(seats.committee.members),
            )
        if former is None or chain.certified_height >= former.height:
            return None
        before, now = frozenset(former.committee.members), frozenset(seats.committee.members)
        return make_change(former.height, now, before, is_handing_over=True)


def make_change(
    height: Height,
    now: frozenset[ReplicaId],
    before: frozenset[ReplicaId],
    *,
    is_handing_over: bool = False,
) -> Change:
    """Who comes and who goes with a committee."""
    return Change(
        height,
        tuple(name_replica(replica) for replica in sorted(now - before)),
        tuple(name_replica(replica) for replica in sorted(before - now)),
        is_handing_over,
    )


def name_key(replica: ReplicaId | None, key: bytes) -> str:
    """What people call somebody that may be no member."""
    return name_replica(replica) if replica is not None else key.hex()[:8]
