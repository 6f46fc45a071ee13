"""Which peer is which replica: the members as the ledger numbers them, strangers by their keys.

Where membership is open an engine hears anybody, and needs a number for each: that of a stranger is
drawn from its key, so it is the same in every process and no table of strangers grows. It lies far
above all places in a committee.
"""

import hashlib

from consensus.committee import ReplicaId
from consensus.engine_spec import EngineSpec, Membership
from node.seats import Seats

STRANGERS_FROM: ReplicaId = 1 << 63
_DOMAIN = b"quorate/stranger/1\x00"


def compute_stranger(public_key: bytes) -> ReplicaId:
    """The number of a node that is no member: from 2^63 up, below 2^64."""
    digest = hashlib.sha256(_DOMAIN + public_key).digest()
    return STRANGERS_FROM | int.from_bytes(digest[:8], "big")


def is_open(spec: EngineSpec) -> bool:
    """May anybody take part in a network of this engine."""
    return spec.membership is Membership.OPEN


class Roster:
    """Replicas and keys of one network, as one node meets them."""

    def __init__(self, spec: EngineSpec, seats: Seats) -> None:
        self._is_open = is_open(spec)
        self._seats = seats
        self._strangers: dict[ReplicaId, bytes] = {}

    def find(self, peer: bytes) -> ReplicaId | None:
        """The number of a peer; None for one whose words the engine does not hear."""
        replica = self._seats.find(peer)
        if replica is None and self._is_open:
            return compute_stranger(peer)
        return replica

    def key(self, replica: ReplicaId) -> bytes | None:
        """The key of a replica: a member, or a stranger that is connected."""
        return self._seats.keys.get(replica) or self._strangers.get(replica)

    @property
    def others(self) -> list[bytes]:
        """Everybody to whom a word for all goes: the members, and strangers that are connected."""
        return [*self._seats.audience, *self._strangers.values()]

    def on_peer_change(self, peer: bytes, *, is_up: bool) -> None:
        """A peer has come or gone."""
        if not self._is_open or peer in self._seats.known:
            return
        if is_up:
            self._strangers[compute_stranger(peer)] = peer
        else:
            self._strangers.pop(compute_stranger(peer), None)
