"""What a diagnosis is made from: plain values. Durations are in milliseconds up to now."""

from dataclasses import dataclass
from enum import StrEnum

from consensus.committee import ReplicaId
from consensus.engine import Account
from consensus.message import Height


class Presence(StrEnum):
    """How a member of the committee stands to this node; the value is the text clients see."""

    SELF = "self"
    LINKED = "linked"
    SILENT = "silent"
    """Linked, but nothing comes over the link: its process is paused, hangs, or the line is dead."""
    UNREACHABLE = "unreachable"
    """No link: its process is down, or something lies between."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the committee, seen from here."""

    replica: ReplicaId
    name: str
    presence: Presence
    presence_ms: int
    """For how long it has been so."""
    heard_ms: int | None = None
    """Since the engine last got a message of it; None for never."""
    height: Height | None = None
    """What it last told of its head."""
    why: str = ""
    """Why it is unreachable: how the last call to it failed, or its link ended; empty if not known."""

    @property
    def is_here(self) -> bool:
        """Can it take part."""
        return self.presence in {Presence.SELF, Presence.LINKED}


@dataclass(frozen=True, slots=True)
class TreeFacts:
    """Where blocks are mined."""

    interval_ms: int
    """The time between blocks that the network aims at."""
    difficulty: int
    """Hashes that the next block takes on average."""
    network_rate: float | None
    """Hashes a second, as the latest blocks tell."""
    own_rate: float
    """Hashes a second of this node's own workers."""
    workers: int
    """Processes that mine here."""


@dataclass(frozen=True, slots=True)
class CoinFacts:
    """A common coin that was asked for and is not seen."""

    height: Height
    """What it is tossed for."""
    heard: tuple[ReplicaId, ...]
    """Whose shares are here, this node's own among them."""
    needed: int
    age_ms: int


@dataclass(frozen=True, slots=True)
class Change:
    """A committee that takes office above `height`; `is_late` if its first checkpoint is awaited."""

    height: Height
    joining: tuple[str, ...]
    leaving: tuple[str, ...]
    is_handing_over: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """Proof of misbehaviour that was seen here."""

    name: str
    age_ms: int


@dataclass(frozen=True, slots=True)
class Clock:
    """A proposer's clock that was ahead of this one, further than it may; behind looks like late."""

    name: str
    beyond_ms: int
    age_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One node at one moment."""

    account: Account
    me: ReplicaId | None
    members: tuple[Member, ...]
    quorum: int
    """How many members have to take part."""
    state: str = "ready"
    """Of the process: starting, catching-up, ready, stopping."""
    patience_ms: int
    """How long a wait may take before it is no longer usual."""

    height: Height
    """Of the head."""
    head_ms: int
    """Since the head last changed, or since the start."""
    wait_ms: int
    """For how long there has been something to wait for without a block; 0 at rest."""
    phase_ms: int
    """Since what the engine does last changed: phase, view, leader, height or wait."""

    pending: int = 0
    pending_max: int = 1
    size_bytes: int = 0
    size_bytes_max: int = 1
    oldest_ms: int | None = None
    is_overdue: bool = False
    """Have blocks passed over what they should have taken."""

    target: Height = 0
    """A height that the others have reached, as far as that is believed."""
    helpers: tuple[str, ...] = ()
    """Peers that tell of greater heights."""

    former_leader: str | None = None
    """Who led before the present leader decided anything."""
    reign_ms: int = 0
    """Since the first block under the present leader."""

    evidence: tuple[Evidence, ...] = ()
    clocks: tuple[Clock, ...] = ()
    change: Change | None = None
    tree: TreeFacts | None = None
    coin: CoinFacts | None = None
    """The one that is awaited for longest."""

    @property
    def is_at_rest(self) -> bool:
        """Has the engine nothing to do."""
        return self.account.waiting_for == "work"

    @property
    def is_late(self) -> bool:
        """Has it waited for longer than is usual."""
        return not self.is_at_rest and self.wait_ms > self.patience_ms

    @property
    def is_follower(self) -> bool:
        """Has this node no vote because it is no member."""
        return all(member.presence is not Presence.SELF for member in self.members)

    @property
    def here(self) -> tuple[Member, ...]:
        """The members that can take part, this node included."""
        return tuple(member for member in self.members if member.is_here)

    @property
    def gone(self) -> tuple[Member, ...]:
        """The members that cannot."""
        return tuple(member for member in self.members if not member.is_here)

    @property
    def leader(self) -> Member | None:
        """The member that leads."""
        return self.find(self.account.leader)

    def find(self, replica: ReplicaId | None) -> Member | None:
        """A member by its number."""
        return next((member for member in self.members if member.replica == replica), None)
