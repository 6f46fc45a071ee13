"""Everything that can happen to an engine; all nondeterminism enters here.

An event is a plain value. The host (node, simulator or explorer) makes it; the engine's `react`
answers with effects.
"""

from enum import Enum
from typing import Any, TypeAlias

import msgspec

from consensus.block import Header, TreeBlock
from consensus.committee import Committee, Former, ReplicaId
from consensus.message import Digest, Height

Timer: TypeAlias = tuple[str | int, ...]
"""The name of a timer, chosen by the engine, such as `("view", 3)`."""


Tag: TypeAlias = tuple[int, ...]
"""The name of a coin, chosen by the engine, such as `(height, instance, round)`.

The first number is the height that it is tossed for: once that is decided the host forgets the coin.
There are at most eight numbers, each below 2^64.
"""


class Verdict(Enum):
    """The answer to `Check` and to `Store`."""

    VALID = "valid"
    """Payload and bodies are stored and covered by the next sync; after `Store`, already synced."""
    INVALID = "invalid"
    LATER = "later"
    """Not now: a body is missing or the value's time has not come. The host will answer again."""
    MISMATCH = "mismatch"
    """After `Store` only: the value is not the one that the header's content names.

    That says nothing of the block, which somebody else may hold with its own value.
    """


class StoredTree(msgspec.Struct, frozen=True):
    """The blocks that a disk holds; `headers` are those answered `VALID`, parents before children.

    The root is the ledger's genesis, which has no header. `final` was finalized already.
    """

    root_id: bytes
    root_time_ms: int
    headers: tuple[Header, ...] = ()
    final: Height = 0


class Started(msgspec.Struct, frozen=True):
    """First event ever: what `Persist` saved (in order), and where the ledger stands.

    `fresh` says that the journal is known to be new: the replica has never voted. Without it, an
    empty journal means that one was lost, and the replica may only observe. `tree` is given to
    engines of block trees, whose only durable state is the host's store of blocks. `until` is as in
    `Applied`; `former` says who decided up to where, if the committee has ever changed. `certified` is
    the greatest height whose certificate the ledger holds, with all that leads up to it.
    """

    records: tuple[Any, ...]
    height: Height
    block_id: bytes
    committee: Committee
    fresh: bool = True
    tree: StoredTree | None = None
    until: Height | None = None
    former: Former | None = None
    certified: Height = 0


class Received(msgspec.Struct, frozen=True):
    """`sender` (authenticated by the link) said `message`; its signatures have been verified."""

    sender: ReplicaId
    message: Any


class Elapsed(msgspec.Struct, frozen=True):
    """A timer ran out; one that was cancelled or set again meanwhile never arrives.

    `tick` is set for timers that keep step with the clock (see `SetTimer`): how many whole steps have
    passed since the genesis. It jumps if the host was late.
    """

    timer: Timer
    tick: int = 0


class Proposed(msgspec.Struct, frozen=True):
    """Answer to `Request`: a value for `height`."""

    height: Height
    value: bytes


class Checked(msgspec.Struct, frozen=True):
    """Answer to `Check`, perhaps more than once (`LATER`, then another)."""

    digest: Digest
    verdict: Verdict


class Applied(msgspec.Struct, frozen=True):
    """The decided `height` was executed: its block id, and the committee from the next height.

    `until` is the last height that this committee decides for certain, None if it never changes: an
    engine neither says nor believes anything of heights above. Another committee than before comes
    at the former `until` only. `me` is this host's replica in it, if the host is a member.

    In a block tree: the branch that ends in `block_id` is the ledger's now (answer to `Adopt`).
    """

    height: Height
    block_id: bytes
    committee: Committee
    until: Height | None = None
    me: ReplicaId | None = None


class Pending(msgspec.Struct, frozen=True):
    """On change: is there work (`some`), and has it been passed over too long (`overdue`)."""

    some: bool
    overdue: bool = False


class Offered(msgspec.Struct, frozen=True):
    """Catch-up: a decided height as some peer tells it, signatures verified, seal not yet judged.

    `seal` and `certificate` are the engine's own structs (see `Decide` and `Certify`).
    """

    height: Height
    values: tuple[bytes, ...]
    seal: Any
    certificate: Any = None


class Mined(msgspec.Struct, frozen=True):
    """Answer to `Mine`: a block with its proof, stored nowhere yet (proof of work)."""

    block: TreeBlock


class Stored(msgspec.Struct, frozen=True):
    """Answer to `Store`, perhaps more than once (`LATER`, then another) (proof of work).

    `VALID`: the block is durable, and its content is that of its value and its plain fields.
    """

    block_id: bytes
    verdict: Verdict


class Refuted(msgspec.Struct, frozen=True):
    """Answer to `Adopt`: this block of the branch cannot be executed, the ledger stays where it was.

    Its content promises another state than its branch leads to (proof of work).
    """

    block_id: bytes


class Suspected(msgspec.Struct, frozen=True):
    """The failure detector's word on the watched replica: it has fallen silent. It may be wrong."""

    replica: ReplicaId


class Trusted(msgspec.Struct, frozen=True):
    """The failure detector's word on a replica that it suspected: it speaks again."""

    replica: ReplicaId


class Read(msgspec.Struct, frozen=True):
    """A client reads: which height holds everything decided anywhere before this (Multi-Paxos).

    Answered by `Readable`, perhaps late or never. A replica uses no ticket twice, and neither does its
    next incarnation: what is said about one may arrive after a restart.
    """

    ticket: int


class Tossed(msgspec.Struct, frozen=True):
    """Answer to `Toss`: the coin with this tag shows `face`, 0 or 1 (randomised engines)."""

    tag: Tag
    face: int


Event: TypeAlias = (
    Started
    | Received
    | Elapsed
    | Proposed
    | Checked
    | Applied
    | Pending
    | Offered
    | Mined
    | Stored
    | Refuted
    | Suspected
    | Trusted
    | Read
    | Tossed
)
