"""Everything an engine can ask of its host, as values in order.

`Persist` before `Send` in one list is the write-ahead rule: nothing that stands after a `Persist`
leaves before the record is durable.
"""

from typing import Any, TypeAlias

import msgspec

from consensus.block import Template, TreeBlock
from consensus.committee import ReplicaId
from consensus.events import Tag, Timer
from consensus.message import Digest, Height


class Persist(msgspec.Struct, frozen=True):
    """Make `record` durable before any later effect of the list leaves."""

    record: Any


class Rewrite(msgspec.Struct, frozen=True):
    """Replace the whole journal by `records`, atomically (at a stable checkpoint).

    Durable before any later effect leaves, like `Persist`, and not before everything `Applied` is.
    """

    records: tuple[Any, ...]


class Send(msgspec.Struct, frozen=True):
    """Say `message` to one replica."""

    to: ReplicaId
    message: Any


class Broadcast(msgspec.Struct, frozen=True):
    """Say `message` to every replica, the sender included through the host's loop-back."""

    message: Any


class SetTimer(msgspec.Struct, frozen=True):
    """Ask for `Elapsed(timer)` after so many milliseconds; setting again replaces.

    The host adds a draw of its own, uniform over 0 … `spread_ms`: rivals should not be in step.
    With `align_ms` the timer runs out when the host's clock, counted from the genesis, next comes to
    a whole multiple of that, and `Elapsed` says to which: hosts whose clocks agree are in step.
    Synchronous engines need it; `after_ms` and `spread_ms` are 0 then.
    """

    timer: Timer
    after_ms: int
    spread_ms: int = 0
    align_ms: int = 0


class CancelTimer(msgspec.Struct, frozen=True):
    """Forget a timer; harmless if it is not set."""

    timer: Timer


class Watch(msgspec.Struct, frozen=True):
    """Say when this replica falls silent, and when it speaks again; nobody's silence if None.

    Answered by `Suspected` and `Trusted`; a newer one replaces an older, and counts the replica as
    heard now. Multi-Paxos needs it.
    """

    replica: ReplicaId | None


class Readable(msgspec.Struct, frozen=True):
    """Answer to `Read`: whoever has executed `height` may answer the client."""

    ticket: int
    height: Height


class Request(msgspec.Struct, frozen=True):
    """Give me a value for `height` (answered by `Proposed`); a newer request replaces an older.

    `after` names the values below it, in order, that are not executed yet, whether decided or not:
    what they order should not be ordered again. `required` wants an answer now, if need be an empty
    one; otherwise the host answers when there is work.
    """

    height: Height
    after: tuple[Digest, ...]
    required: bool = False


class Check(msgspec.Struct, frozen=True):
    """Is `value` valid for `height` (answered by `Checked`); the host may fetch what is missing.

    `forced` values were chosen by a certificate: they are fetched, never judged.
    """

    height: Height
    digest: Digest
    value: bytes
    forced: bool = False


class Decide(msgspec.Struct, frozen=True):
    """Immediate finality: `values` is one value, none (a null), or several to be united.

    Heights come in order, each once. `seal` is the engine's proof.
    """

    height: Height
    values: tuple[bytes, ...]
    seal: Any


class Certify(msgspec.Struct, frozen=True):
    """A later proof over the block id at `height`, such as a checkpoint certificate."""

    height: Height
    certificate: Any


class Behind(msgspec.Struct, frozen=True):
    """Evidence that others have decided up to `height`; the host fetches and `Offered` follows."""

    height: Height


class Accuse(msgspec.Struct, frozen=True):
    """Transferable proof that `offender` misbehaved; `evidence` is two signed votes that clash."""

    offender: ReplicaId
    evidence: tuple[Any, ...]


class Alert(msgspec.Struct, frozen=True):
    """An assumption that this replica needs was seen to be broken: people have to know.

    `alert` is a stable name. Synchronous engines need it, whose progress hangs on their clock.
    """

    alert: str
    detail: str


class Ignore(msgspec.Struct, frozen=True):
    """`message` was refused for a named, stable reason; counted and traced, nothing more."""

    message: Any
    refusal: str


class Diverge(msgspec.Struct, frozen=True):
    """A quorum certified another block at `height` than the one applied here: stop and say so."""

    height: Height
    own: bytes
    certified: bytes


class Toss(msgspec.Struct, frozen=True):
    """Toss a coin, answered by `Tossed`; asking again for the same tag is harmless (randomised engines).

    A `common` coin shows all members the same face, and nobody any before f + 1 members have asked
    for it. To ask is to say something to the others, so the records before it are durable first, and
    an engine may toss such coins only if its catalog entry says so (`needs_coin`). The other kind is the host's own, and is tossed anew each time: what it showed has to be
    written down before anything that follows from it is said.
    """

    tag: Tag
    common: bool


class Mine(msgspec.Struct, frozen=True):
    """Look for a block on this template, none at all for None (answered by `Mined`).

    A newer one replaces an older. Proof of work needs it, as it needs the next four.
    """

    template: Template | None


class Store(msgspec.Struct, frozen=True):
    """Make a block durable beside its siblings, executed or not (answered by `Stored`).

    The host checks its content without looking at any state, and answers `LATER` until its clock
    has come to `since_ms`.
    """

    block_id: bytes
    block: TreeBlock
    since_ms: int


class Share(msgspec.Struct, frozen=True):
    """Say a stored block, as the message it is, to one replica, or to all others if None."""

    block_id: bytes
    to: ReplicaId | None


class Adopt(msgspec.Struct, frozen=True):
    """This stored block is the head: undo what is not below it, execute what is, or nothing at all.

    Answered by `Applied` or `Refuted`. All blocks of the branch are stored.
    """

    block_id: bytes


class Finalize(msgspec.Struct, frozen=True):
    """This block of the adopted branch, and all below it, are irreversible; heights come in order."""

    height: Height
    block_id: bytes


Effect: TypeAlias = (
    Persist
    | Rewrite
    | Send
    | Broadcast
    | SetTimer
    | CancelTimer
    | Watch
    | Readable
    | Request
    | Check
    | Decide
    | Certify
    | Behind
    | Accuse
    | Alert
    | Ignore
    | Diverge
    | Mine
    | Store
    | Share
    | Adopt
    | Finalize
    | Toss
)
