"""The record of one Multi-Paxos replica: plain values, and predicates over them that change nothing.

What bounds the memory: slots for at most `window` heights above the last decided one, in each one
proposal, one accepted entry and one voice per member; `window` decided heights for those who missed
them; one promise, one claim and READS_PER_MEMBER reads per member.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from consensus.committee import Committee, Former, ReplicaId
from consensus.message import NULL_DIGEST, Digest, Height, Signed
from consensus.paxos.ballot import NO_BALLOT, Ballot
from consensus.paxos.causes import Cause
from consensus.paxos.messages import (
    Checkpoint,
    CheckpointCertificate,
    ChosenSeal,
    Entry,
    Learned,
    Promise,
)
from consensus.paxos.parameters import Parameters


class Role(Enum):
    """What this replica may say."""

    VOTER = "voter"
    FOLLOWER = "follower"
    """Outside the committee: hears nothing, takes decided heights from its host."""
    OBSERVER = "observer"
    """A member whose journal was lost: it learns, and never votes again under this name."""
    HALTED = "halted"
    """Its own block id differs from a certified one."""


class Phase(Enum):
    """What a voter does about leadership."""

    FOLLOWING = "following"
    CANVASSING = "canvassing"
    """It asks whether a majority would promise."""
    PREPARING = "preparing"
    """Phase 1: it has promised its own ballot and collects promises."""
    LEADING = "leading"
    """Phase 2 for as long as its ballot stands."""


class Judgement(Enum):
    """What became of a `Check`."""

    ASKED = "asked"
    FORCED = "forced"
    VALID = "valid"
    INVALID = "invalid"


VOTER: Final = Role.VOTER
FOLLOWING: Final = Phase.FOLLOWING
LEADING: Final = Phase.LEADING
STORED: Final = Judgement.VALID


IDLE_LOOKS_MAX = 3
"""So many looks in a row a leader may live and let work wait."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was chosen at a height."""

    digest: Digest
    value: bytes
    seal: ChosenSeal


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the one proposer of a ballot proposes at a height."""

    ballot: Ballot
    digest: Digest
    value: bytes
    imposed: bool


@dataclass(slots=True)
class Slot:
    """All that is known about one height that is not decided here."""

    proposal: Proposal | None = None
    """The proposal of the highest ballot heard, this replica's accepted one included."""
    accepted: Entry | None = None
    """What this replica has accepted last; durable."""
    voices: set[ReplicaId] = field(default_factory=set)
    """At a leader: who has accepted what it proposes here."""
    judgements: dict[Digest, Judgement] = field(default_factory=dict)
    outcome: Outcome | None = None

    def is_stored(self, digest: Digest) -> bool:
        """Does the host hold this value with all that belongs to it."""
        return digest == NULL_DIGEST or self.judgements.get(digest) is STORED


@dataclass(slots=True)
class Clock:
    """Which timers run, and how patient they are."""

    election: bool = False
    beat: bool = False
    silence: bool = False
    resend: bool = False
    idle: bool = False
    learn: bool = False
    restart: bool = False
    """Something about leadership changed in this step: the election and resend timers start anew."""
    progressed: bool = False
    """A height was decided in this step: repetitions can wait."""
    failures: int = 0
    """Candidacies and leaderships that came to nothing: timeouts are doubled as often."""
    calm: int = 0
    """Heights decided since the last failure, or since the timeouts last came down."""
    resends: int = 0


@dataclass(slots=True)
class Ordering:
    """The leader's side: what it asked the host for, and what comes next."""

    next_height: Height = 1
    requested: Height | None = None
    required: bool = False
    decided_elsewhere: Height = 0
    """Up to here somebody had decided when this ballot was promised."""
    imposed: dict[Height, bytes] = field(default_factory=dict)
    """What phase 1 says has to be proposed above that."""
    imposed_to: Height = 0
    """Up to here holes are filled with nulls."""
    announced: Height = 0
    """What the last proposal or heartbeat said was chosen."""


@dataclass(slots=True)
class PendingRead:
    """A read that a leader confirms."""

    asker: ReplicaId
    """Who wants the answer: the reader, or one that passes it on."""
    reader: ReplicaId
    ticket: int
    height: Height
    beat: int
    """The heartbeat of which a majority of answers shows that nobody led since; 0: not sent yet."""


@dataclass(slots=True)
class Leading:
    """What only a leader keeps: who has spoken lately, and what it confirms."""

    beats: int = 0
    beat_voices: dict[ReplicaId, int] = field(default_factory=dict)
    """The last heartbeat that each member answered."""
    spoke: set[ReplicaId] = field(default_factory=set)
    """Who was heard since the last look."""
    reads: list[PendingRead] = field(default_factory=list)


@dataclass(slots=True)
class Replica:
    """One replica; `me` is None for a follower."""

    me: ReplicaId | None
    committee: Committee
    parameters: Parameters
    role: Role = Role.FOLLOWER
    started: bool = False
    until: Height | None = None
    """The last height that this committee decides for certain; None if it never changes."""
    former: Former | None = None
    """Who decided up to where, if the committee has ever changed."""
    remembers: bool = True
    """At a follower: was its journal never lost, so that it may vote if it becomes a member."""

    promised: Ballot = NO_BALLOT
    """Nothing is accepted in ballots below; durable before anything that follows from it is said."""
    leader: Ballot | None = None
    """The ballot whose proposer is believed to lead."""
    watched: ReplicaId | None = None
    """Whom the failure detector was last told to watch."""
    has_spoken: bool = False
    """Was the leader heard as leader since the last look."""
    suspects: bool = False
    """Is the leader suspected to have fallen silent."""
    idle_looks: int = 0
    """Looks in a row at which work waited and nothing had been decided since the one before."""
    decided_before: Height = 0
    """What was decided at the last look."""
    seen: Ballot = NO_BALLOT
    """The highest ballot heard of."""
    phase: Phase = Phase.FOLLOWING
    candidate: Ballot = NO_BALLOT
    """The ballot of this replica's own candidacy or leadership."""
    supporters: set[ReplicaId] = field(default_factory=set)
    promises: dict[ReplicaId, Promise] = field(default_factory=dict)

    slots: dict[Height, Slot] = field(default_factory=dict)
    decided: Height = 0
    applied: Height = 0
    unapplied: dict[Height, Entry] = field(default_factory=dict)
    """What this replica had accepted at decided heights that the ledger has not executed yet."""
    history: dict[Height, Learned] = field(default_factory=dict)
    """The last decided heights, for those who missed them."""
    chosen: Height = 0
    """Up to here the leader said that its proposals are chosen."""
    known: Height = 0
    """Somebody has decided so much."""
    fetching: Height = 0
    """The height last named in `Behind`."""
    asked_from: Height = 0
    """The height after which decided ones were last asked for."""

    certified: Height = 0
    ledger_certified: Height = 0
    """What the ledger held a certificate of when this replica started."""
    certificate: CheckpointCertificate | None = None
    handover: CheckpointCertificate | None = None
    """The certificate of the former committee's last height, for those who still need it."""
    waiting: dict[Height, CheckpointCertificate] = field(default_factory=dict)
    """Certificates of heights that are not applied here yet, or whose turn has not come."""
    checkpoints: dict[Height, dict[ReplicaId, Signed[Checkpoint]]] = field(default_factory=dict)
    own_checkpoints: dict[Height, bytes] = field(default_factory=dict)
    """The block ids derived here at checkpoint heights not yet certified."""

    pending: bool = False
    tickets: dict[tuple[ReplicaId, int], bool] = field(default_factory=dict)
    """Reads, this replica's and those it passes on, that no leader has answered; was the present
    one asked."""
    clock: Clock = field(default_factory=Clock)
    ordering: Ordering = field(default_factory=Ordering)
    leading: Leading = field(default_factory=Leading)
    counters: dict[str, int] = field(default_factory=dict)
    doubt: Cause = Cause.LEADER_UNHEARD
    """Why the leader was last suspected."""
    ballots_left: dict[str, int] = field(default_factory=dict)
    """How many ballots were left, by cause."""

    @property
    def bar(self) -> Ballot:
        """Proposers of lower ballots are refused."""
        return self.promised if self.leader is None else max(self.promised, self.leader)

    @property
    def is_voting(self) -> bool:
        """May this replica promise and accept."""
        return self.role is VOTER

    @property
    def is_leading(self) -> bool:
        """Does this replica hold a ballot that a majority has promised."""
        return self.phase is LEADING

    @property
    def is_seeking(self) -> bool:
        """Is this voter without a leader that it trusts."""
        return self.role is VOTER and self.phase is not LEADING and not self.trusts_leader

    @property
    def trusts_leader(self) -> bool:
        """Is there a leader that is not suspected; a leader trusts itself."""
        if self.phase is LEADING:
            return True
        return self.leader is not None and not self.suspects and self.idle_looks < IDLE_LOOKS_MAX

    @property
    def ceiling(self) -> Height:
        """The greatest height at which anything is accepted."""
        highest = self.decided + self.parameters.window
        return highest if self.until is None else min(highest, self.until)

    @property
    def is_at_change(self) -> bool:
        """Has it decided the last height of which it knows the committee."""
        return self.until is not None and self.decided >= self.until

    def committee_at(self, height: Height) -> Committee:
        """Who decides a height, of the two latest committees."""
        former = self.former
        return self.committee if former is None or height > former.height else former.committee

    @property
    def is_settled(self) -> bool:
        """At a leader: is all decided that anybody may have decided before this ballot."""
        ordering = self.ordering
        return self.decided >= max(ordering.decided_elsewhere, ordering.imposed_to)

    def slot(self, height: Height) -> Slot:
        """The slot of a height within the window, made on first use."""
        assert self.decided < height
        found = self.slots.get(height)
        if found is None:
            found = self.slots[height] = Slot()
        return found

    def has_majority(self, voices: int) -> bool:
        """Do so many members share one with any other majority."""
        return voices >= self.committee.majority

    def count(self, name: str) -> None:
        """Count something worth showing; never a refusal, which must change nothing."""
        self.counters[name] = self.counters.get(name, 0) + 1

    def count_left(self, cause: Cause) -> None:
        """This replica leaves its leader's ballot, or its own."""
        self.ballots_left[cause.value] = self.ballots_left.get(cause.value, 0) + 1

    @property
    def grievance(self) -> Cause:
        """What, as far as this replica knows, is wrong with the leader that it leaves."""
        if self.suspects:
            return self.doubt
        return Cause.LEADER_IDLE if self.idle_looks >= IDLE_LOOKS_MAX else Cause.OUTBID
