"""One look at a running node: whatever a scrape reads several times is made once."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from consensus.committee import ReplicaId
from consensus.engine import Account
from consensus.engine_spec import EngineSpec
from consensus.fork_measures import ForkMeasures
from node.admission import Admission
from node.bodies import BodyExchange
from node.coins.service import Coins
from node.core import Core
from node.driver import Driver
from node.gossip import Gossip
from node.lifecycle import Lifecycle
from node.measures.disk import DiskUse, measure_disk
from node.peers.network import Peers
from node.peers.records import PeerInfo
from node.service import Service
from node.side import Side
from node.verifier import Verifier

HEARD_MS = 5_000
"""Peers say where they stand each second; who is not heard for so long has fallen silent."""
MEMBERS_SHOWN_MAX = 128
"""Members of the committee with rows of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The parts of one node."""

    core: Core
    engine: Any
    parameters: Any
    driver: Driver
    peers: Peers
    gossip: Gossip
    verifier: Verifier
    admission: Admission
    lifecycle: Lifecycle
    bodies: BodyExchange
    side: Side
    coins: Coins | None = None
    service: Service


class Snapshot:
    """What a node is and has at one moment."""

    def __init__(self, sources: Sources) -> None:
        self.of = sources
        self.core = sources.core

    @property
    def spec(self) -> EngineSpec:
        """The engine's catalog entry."""
        return self.core.spec

    @cached_property
    def account(self) -> Account:
        """The engine's view of itself."""
        return self.spec.account(self.of.engine)

    @cached_property
    def connected(self) -> Mapping[bytes, PeerInfo]:
        """Connected peers by key."""
        return {peer.peer_id: peer for peer in self.of.peers.connected()}

    @cached_property
    def others(self) -> Mapping[ReplicaId, PeerInfo | None]:
        """The other members of the committee, those without a link as None."""
        own = self.core.identity.public_key
        return {
            replica: self.connected.get(key)
            for replica, key in self.core.validators.items()
            if key != own
        }

    @cached_property
    def linked(self) -> Mapping[str, PeerInfo]:
        """The other members that are connected, by name."""
        return {
            name_member(replica): peer for replica, peer in self.shown.items() if peer is not None
        }

    @property
    def shown(self) -> Mapping[ReplicaId, PeerInfo | None]:
        """Those of the other members that have rows of their own."""
        return dict(list(self.others.items())[:MEMBERS_SHOWN_MAX])

    def list_connected(self) -> dict[str, float]:
        """1 or 0 for each other member that is shown."""
        return {name_member(one): float(peer is not None) for one, peer in self.shown.items()}

    @property
    def is_member(self) -> bool:
        """Does this node belong to the committee."""
        me = self.core.me
        return me is not None and self.core.committee.is_member(me)

    def count_heard(self) -> int:
        """Members of the committee that are there, this node included."""
        heard = sum(peer is not None and peer.silent_ms < HEARD_MS for peer in self.others.values())
        return heard + self.is_member

    @cached_property
    def disk(self) -> DiskUse:
        """What the files take."""
        config = self.core.config
        return measure_disk(config.data_path, config.database_path, config.journal_path)

    @cached_property
    def forks(self) -> ForkMeasures | None:
        """What the engine tells of its tree, where there is one and it has started."""
        watch = self.of.side.forks
        return None if watch is None else watch.measure()

    @cached_property
    def now(self) -> float:
        """The monotonic clock."""
        return time.monotonic()


def name_member(replica: ReplicaId) -> str:
    """As people read it."""
    return f"validator-{replica}"
