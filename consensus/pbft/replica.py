"""The record of one PBFT replica: plain values, and predicates over them that change nothing.

Water marks. The low mark is the last stable checkpoint, the high mark lies `window` above it. A
replica votes only below the high one, and a view change carries certificates from between them only.
Evidence for a height, and the record of a vote there, is kept from the moment it may matter until
the height is both executed here and at or below the low mark.

What bounds the memory: at most 2 * window slots, in each one vote per member and kind (the one of
the highest view) and VALUES_PER_SLOT values; one view change per member; one claim per member.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from consensus.committee import Committee, Former, ReplicaId, View
from consensus.message import NULL_DIGEST, Digest, Height, Signed
from consensus.pbft.causes import Cause
from consensus.pbft.messages import (
    Accepted,
    Checkpoint,
    CheckpointCertificate,
    Commit,
    CommitSeal,
    Decision,
    NewView,
    Prepare,
    PreparedCertificate,
    Proposal,
    ViewChange,
)
from consensus.pbft.parameters import Parameters

VALUES_PER_SLOT = 4
"""Values remembered per height: the accepted one, one forced by a view change, two heard."""
VALUES_HEARD = 3
"""With so many values known, one that is merely heard is not kept."""


class Role(Enum):
    """What this replica may say."""

    VOTER = "voter"
    FOLLOWER = "follower"
    """Outside the committee: verifies and decides, never speaks."""
    OBSERVER = "observer"
    """A member whose journal was lost: silent until its old votes cannot matter any more."""
    HALTED = "halted"
    """Its own block id differs from a certified one."""


class Phase(Enum):
    """Where a replica stands in its view."""

    NORMAL = "normal"
    CHANGING = "view-change"
    """It left the previous view and waits for the new one to open; it votes for nothing."""


class Judgement(Enum):
    """What became of a `Check`."""

    ASKED = "asked"
    FORCED = "forced"
    """Asked again as a value that a certificate forces: to be fetched, not judged."""
    VALID = "valid"
    INVALID = "invalid"


VOTER: Final = Role.VOTER
FOLLOWER: Final = Role.FOLLOWER
OBSERVER: Final = Role.OBSERVER
HALTED: Final = Role.HALTED
NORMAL: Final = Phase.NORMAL
CHANGING: Final = Phase.CHANGING
STORED: Final = Judgement.VALID
"""Names for what every step asks: finding a member in its enumeration takes longer than the rest."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a quorum committed at a height, and the proof."""

    digest: Digest
    seal: CommitSeal


@dataclass(slots=True)
class Slot:
    """All that is known about one height."""

    proposal: Signed[Proposal] | None = None
    """The proposal of the current view, signed by its primary."""
    prepares: dict[ReplicaId, Signed[Prepare]] = field(default_factory=dict)
    commits: dict[ReplicaId, Signed[Commit]] = field(default_factory=dict)
    accepted: Accepted | None = None
    """The last proposal this replica voted for; durable."""
    certificate: PreparedCertificate | None = None
    """The prepared certificate of the highest view; durable, and implies this replica's commit."""
    values: dict[Digest, bytes] = field(default_factory=dict)
    judgements: dict[Digest, Judgement] = field(default_factory=dict)
    asked: Digest | None = None
    """The value last asked of the others."""
    outcome: Outcome | None = None

    @property
    def accepted_view(self) -> View:
        """The view of the last vote, -1 for none."""
        return self.accepted.proposal.body.view if self.accepted else -1

    @property
    def certificate_view(self) -> View:
        """The view of the certificate, -1 for none."""
        return self.certificate.proposal.body.view if self.certificate else -1

    def is_stored(self, digest: Digest) -> bool:
        """Does the host hold this value with all that belongs to it."""
        return self.judgements.get(digest) is STORED or digest == NULL_DIGEST

    def has_value(self, digest: Digest) -> bool:
        """Are the bytes known."""
        return digest == NULL_DIGEST or digest in self.values

    def value(self, digest: Digest) -> bytes:
        """The bytes named `digest`; empty for a null, and for a value only the ledger has."""
        return self.values.get(digest, b"")

    def voices(self, view: View) -> int:
        """How many members vote here in `view` or later; what older views left does not count."""
        prepares = {r for r, vote in self.prepares.items() if vote.body.view >= view}
        return len(prepares | {r for r, vote in self.commits.items() if vote.body.view >= view})

    def matching_prepares(self, proposal: Proposal) -> list[Signed[Prepare]]:
        """The backups' prepares for exactly this proposal, by signer."""
        wanted = Prepare(proposal.view, proposal.height, proposal.digest)
        return [vote for _, vote in sorted(self.prepares.items()) if vote.body == wanted]

    def has_enough_prepares(self, quorum: int) -> bool:
        """The predicate prepared(m, v, n, i) of 4.2, but for this replica's own vote."""
        if self.proposal is None or len(self.prepares) + 1 < quorum:
            return False
        return len(self.matching_prepares(self.proposal.body)) + 1 >= quorum

    def matching_commits(self, wanted: Commit) -> list[Signed[Commit]]:
        """The commits for exactly this, by signer."""
        return [self.commits[r] for r in sorted(self.commits) if self.commits[r].body == wanted]


@dataclass(slots=True)
class Clock:
    """Which timers run, and how patient they are."""

    progress: bool = False
    resend: bool = False
    idle: bool = False
    starved: bool = False
    answers: bool = False
    restart: bool = False
    """A view was left or entered in this step: the progress and resend timers start anew."""
    progressed: bool = False
    """A height was decided in this step: so do they, but see `timing.keep_time`."""
    failures: int = 0
    """Views left without enough decisions since: the timeout is doubled as often."""
    calm: int = 0
    """Heights decided since the last failure, or since the timeout last came down."""
    resends: int = 0


@dataclass(slots=True)
class Ordering:
    """The primary's side: what it asked the host for, and what comes next."""

    next_height: Height = 1
    held_back: Height = 0
    """The last height that had to wait for the water marks to move."""
    requested: Height | None = None
    required: bool = False


@dataclass(slots=True)
class Replica:
    """One replica; `me` is None for a follower."""

    me: ReplicaId | None
    committee: Committee
    parameters: Parameters
    role: Role = Role.FOLLOWER
    started: bool = False

    until: Height | None = None
    """Above this height nothing is said or believed: its committee is not known. See `membership`."""
    former: Former | None = None
    """Who decided before, and up to where."""
    handing_over: bool = False
    """Is the former committee's last checkpoint not stable yet."""
    remembers: bool = True
    """Does this replica know all that it ever said; a follower may become a member."""

    view: View = 0
    phase: Phase = Phase.NORMAL
    primary: ReplicaId = field(init=False)
    """Who leads `view`."""
    new_view: Signed[NewView] | None = None
    """What opened the current view; in phase CHANGING, this replica's own not yet signed one."""
    imposed_to: Height = 0
    """Up to here the new view says what is proposed."""
    view_change: ViewChange | None = None
    view_changes: dict[ReplicaId, Signed[ViewChange]] = field(default_factory=dict)

    slots: dict[Height, Slot] = field(default_factory=dict)
    decided: Height = 0
    applied: Height = 0
    history: dict[Height, Decision] = field(default_factory=dict)
    """The last decided heights, for those who missed them."""

    stable: Height = 0
    certificate: CheckpointCertificate | None = None
    """The proof of `stable`."""
    checkpoints: dict[Height, dict[ReplicaId, Signed[Checkpoint]]] = field(default_factory=dict)
    own_checkpoints: dict[Height, bytes] = field(default_factory=dict)
    """The block ids this replica derived at checkpoint heights not yet certified."""
    uncertified: dict[Height, CheckpointCertificate] = field(default_factory=dict)
    """Certificates of heights not applied here yet."""
    certified: Height = 0
    ledger_certified: Height = 0
    """What the ledger held a certificate of when this replica started."""
    handover: CheckpointCertificate | None = None
    """The certificate of the former committee's last height, for those who still need it."""

    barrier: Height = 0
    """An observer votes again only above; durable. See `returning`."""
    claims: dict[ReplicaId, Height] = field(default_factory=dict)
    """What each other member last said or proved that it had decided."""
    trusted_claim: Height = 0
    """A height that some correct member has decided (0 for none): see `compute_trusted_claim`."""
    later_views: dict[ReplicaId, View] = field(default_factory=dict)
    """The latest view, beyond this replica's when it came, in which each other member voted."""
    fetching: Height = 0
    """The height last named in `Behind`."""
    returned: dict[ReplicaId, Height] = field(default_factory=dict)
    """Who lost its journal once: view changes with a checkpoint below this are void; durable."""
    welcomes: dict[ReplicaId, View] = field(default_factory=dict)
    """Who has written down this observer's barrier, and the first view in which it said so."""

    pending: bool = False
    overdue: bool = False
    decided_in_view: int = 0
    suspected_at: Height | None = None
    """What was decided when this replica last said that it suspects the primary."""
    suspicions: dict[ReplicaId, Height] = field(default_factory=dict)
    """Who else said so, and what was decided here when it did."""
    answered: dict[ReplicaId, set[bytes]] = field(default_factory=dict)
    """Questions answered in the present pause."""
    accused: set[ReplicaId] = field(default_factory=set)
    clock: Clock = field(default_factory=Clock)
    ordering: Ordering = field(default_factory=Ordering)
    counters: dict[str, int] = field(default_factory=dict)
    suspects_censor: bool = False
    """Was the primary last suspected of passing work over, not of silence."""
    views_left: dict[str, int] = field(default_factory=dict)
    """How many views were left, by cause."""

    def __post_init__(self) -> None:
        self.primary = self.committee.primary(self.view)

    def sit(self, committee: Committee) -> None:
        """Belong to a committee, with all that follows from it."""
        self.committee = committee
        self.primary = committee.primary(self.view)
        self.trusted_claim = self.compute_trusted_claim()

    def enter(self, view: View, phase: Phase) -> None:
        """Stand in a view, with all that follows from it."""
        self.view, self.phase = view, phase
        self.primary = self.committee.primary(view)

    @property
    def is_voting(self) -> bool:
        """May this replica vote in its view now."""
        return self.role is VOTER and self.phase is NORMAL

    @property
    def is_leading(self) -> bool:
        """Is this replica the primary of an open view."""
        return self.me == self.primary and self.role is VOTER and self.phase is NORMAL

    @property
    def is_settled(self) -> bool:
        """Is its view open."""
        return self.phase is NORMAL

    @property
    def floor(self) -> Height:
        """Evidence at or below is of no use here any more."""
        return max(min(self.stable, self.applied), self.stable - self.parameters.window)

    @property
    def ceiling(self) -> Height:
        """The high water mark H = h + L, but no height whose committee is not known."""
        mark = self.stable + self.parameters.window
        return mark if self.until is None or mark < self.until else self.until

    def committee_at(self, height: Height) -> Committee:
        """Who decides, or decided, a height."""
        former = self.former
        return self.committee if former is None or height > former.height else former.committee

    @property
    def checkpoints_in_window(self) -> int:
        """How many checkpoint heights lie between the water marks."""
        return self.parameters.window // self.parameters.checkpoint_interval

    def compute_trusted_claim(self) -> Height:
        """What `trusted_claim` is whenever a claim changed: f + 1 members claim it, or more."""
        claims = sorted(self.claims.values(), reverse=True)
        weak = self.committee.weak_quorum
        return claims[weak - 1] if len(claims) >= weak else 0

    @property
    def is_behind(self) -> bool:
        """Have others decided what this replica has not."""
        return self.trusted_claim > self.decided

    @property
    def is_outdated(self) -> bool:
        """Do f + 1 members vote in views that this replica has not entered."""
        if not self.later_views:
            return False
        later = sum(view > self.view for view in self.later_views.values())
        return later >= self.committee.weak_quorum

    def slot(self, height: Height) -> Slot:
        """The slot of a height within the window, made on first use."""
        found = self.slots.get(height)
        if found is None:
            found = self.slots[height] = Slot()
        return found

    def undecided(self) -> list[Height]:
        """Heights with any evidence that are not decided here, in order."""
        return sorted(height for height in self.slots if height > self.decided)

    def count(self, name: str) -> None:
        """Count something worth showing; never a refusal, which must change nothing."""
        self.counters[name] = self.counters.get(name, 0) + 1

    def count_left(self, cause: Cause) -> None:
        """This replica leaves its view."""
        self.views_left[cause.value] = self.views_left.get(cause.value, 0) + 1
