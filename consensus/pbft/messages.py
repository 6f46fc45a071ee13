"""What PBFT replicas say, keep as proof, and write down.

Only `Proposal`, `Prepare`, `Commit`, `Checkpoint`, `ViewChange` and `NewView` are bodies of
`Signed`: they must convince third parties. `PrePrepare` is a signed proposal with the value beside
it, so that certificates carry 32-byte digests and never values. The rest (`Ask`, `Tell`,
`Decision`, `CheckpointCertificate`, `Standing`) proves itself or is a mere hint, and `Returning` and
`Welcome` concern only who hears them.
"""

from typing import Annotated, TypeAlias

import msgspec

from consensus.message import Codec, Message, Signed

Natural = Annotated[int, msgspec.Meta(ge=0)]
Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class Proposal(Message, tag="pbft-proposal", frozen=True):
    """The primary of `view` assigns the value named `digest` to `height` (4.2)."""

    view: Natural
    height: Natural
    digest: Hash


class PrePrepare(Message, tag="pbft-pre-prepare", frozen=True):
    """A proposal with its value (4.2)."""

    proposal: Signed[Proposal]
    value: bytes


class Prepare(Message, tag="pbft-prepare", frozen=True):
    """A backup accepted the proposal (4.2)."""

    view: Natural
    height: Natural
    digest: Hash


class Commit(Message, tag="pbft-commit", frozen=True):
    """A replica holds a prepared certificate (4.2)."""

    view: Natural
    height: Natural
    digest: Hash


class Checkpoint(Message, tag="pbft-checkpoint", frozen=True):
    """A replica executed `height` and derived `block_id` (4.3)."""

    height: Natural
    block_id: Hash


class PreparedCertificate(Message, tag="pbft-prepared", frozen=True):
    """A proposal and enough matching prepares; the proposal counts as the primary's prepare."""

    proposal: Signed[Proposal]
    prepares: tuple[Signed[Prepare], ...]


class CheckpointCertificate(Message, tag="pbft-checkpoint-certificate", frozen=True):
    """A quorum of equal checkpoint votes: the block id is final and can convince anybody (4.3)."""

    votes: tuple[Signed[Checkpoint], ...]

    @property
    def height(self) -> int:
        """The height certified; only meaningful once judged."""
        return self.votes[0].body.height


class CommitSeal(Message, tag="pbft-seal", frozen=True):
    """A quorum of equal commits: the digest is decided at its height."""

    commits: tuple[Signed[Commit], ...]


class ViewChange(Message, tag="pbft-view-change", frozen=True):
    """A replica left all views before `view` (4.4).

    `stable` and `checkpoint` are its last stable checkpoint with proof (none for height 0);
    `prepared` holds, for each height above, its certificate of the highest view, by height.
    """

    view: Natural
    stable: Natural
    checkpoint: tuple[Signed[Checkpoint], ...]
    prepared: tuple[PreparedCertificate, ...]


class NewView(Message, tag="pbft-new-view", frozen=True):
    """The primary of `view` opens it: a quorum of view changes and what follows from them (4.4)."""

    view: Natural
    view_changes: tuple[Signed[ViewChange], ...]
    proposals: tuple[Signed[Proposal], ...]


class Ask(Message, tag="pbft-ask", frozen=True):
    """A request for the value named `digest`, which is forced on the asker at `height`."""

    height: Natural
    digest: Hash


class Tell(Message, tag="pbft-tell", frozen=True):
    """Answer to `Ask`; its hash proves it."""

    height: Natural
    value: bytes


class Decision(Message, tag="pbft-decision", frozen=True):
    """A decided height for one who missed it; the seal proves it."""

    height: Natural
    values: tuple[bytes, ...]
    seal: CommitSeal


class Standing(Message, tag="pbft-standing", frozen=True):
    """Where a replica stands, said when it resends (status messages: Castro's thesis 2001, 5.2).

    `height` is its last decided one, `stable` its last stable checkpoint. `suspects` says that it
    suspects the primary of `view`. `asks` invites others to send what it lacks, and their own
    standing.
    """

    view: Natural
    active: bool
    height: Natural
    stable: Natural
    suspects: bool
    asks: bool


class Returning(Message, tag="pbft-returning", frozen=True):
    """A member lost its journal, and votes again only above `barrier`: see `returning`."""

    barrier: Natural


class Returned(Message, tag="pbft-returned", frozen=True):
    """Record, and part of `Welcome`: view changes of `member` with a lower checkpoint are void."""

    member: Natural
    barrier: Natural


class Welcome(Message, tag="pbft-welcome", frozen=True):
    """Answer to `Returning`: its barrier is written down, by one that stands in `view`.

    `returned` names the barriers of all who lost their journals before.
    """

    barrier: Natural
    view: Natural
    returned: tuple[Returned, ...]


class Accepted(Message, tag="pbft-accepted", frozen=True):
    """Record: I proposed this, or prepared it. Written before that vote leaves."""

    proposal: Signed[Proposal]
    value: bytes


class Observing(Message, tag="pbft-observing", frozen=True):
    """Record: my journal was lost; I only observe until a stable checkpoint at `barrier`, at least.

    0 means that the barrier is not known yet.
    """

    barrier: Natural


SignedVote: TypeAlias = Signed[Prepare | Commit | Checkpoint | ViewChange | NewView]
MESSAGES = Codec(
    SignedVote
    | PrePrepare
    | Ask
    | Tell
    | Decision
    | CheckpointCertificate
    | Standing
    | Returning
    | Welcome
)
RECORDS = Codec(
    Signed[NewView]
    | Accepted
    | PreparedCertificate
    | Checkpoint
    | CheckpointCertificate
    | ViewChange
    | Observing
    | Returned
)
SEALS = Codec(CommitSeal)
CERTIFICATES = Codec(CheckpointCertificate)
