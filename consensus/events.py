"""Everything that can happen to an engine; all nondeterminism enters here.

An event is a plain value. The host (node, simulator or explorer) makes it; the engine's `react`
answers with effects.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from consensus.committee import Committee, ReplicaId
from consensus.message import Digest, Height

Timer: TypeAlias = tuple[str | int, ...]
"""The name of a timer, chosen by the engine, such as `("view", 3)`."""


class Verdict(Enum):
    """The answer to `Check`."""

    VALID = "valid"
    """Payload and bodies are stored and covered by the next sync."""
    INVALID = "invalid"
    LATER = "later"
    """Not now: a body is missing or the value's time has not come. The host will answer again."""


@dataclass(frozen=True, slots=True)
class Started:
    """First event ever: what `Persist` saved (in order), and where the ledger stands.

    `fresh` says that the journal is known to be new: the replica has never voted. Without it, an
    empty journal means that one was lost, and the replica may only observe.
    """

    records: tuple[Any, ...]
    height: Height
    block_id: bytes
    committee: Committee
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Received:
    """`sender` (authenticated by the link) said `message`; its signatures have been verified."""

    sender: ReplicaId
    message: Any


@dataclass(frozen=True, slots=True)
class Elapsed:
    """A timer ran out; one that was cancelled or set again meanwhile never arrives."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Proposed:
    """Answer to `Request`: a value for `height`."""

    height: Height
    value: bytes


@dataclass(frozen=True, slots=True)
class Checked:
    """Answer to `Check`, perhaps more than once (`LATER`, then another)."""

    digest: Digest
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Applied:
    """The decided `height` was executed: its block id, and the committee from the next height."""

    height: Height
    block_id: bytes
    committee: Committee


@dataclass(frozen=True, slots=True)
class Pending:
    """On change: is there work (`some`), and has it been passed over too long (`overdue`)."""

    some: bool
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Offered:
    """Catch-up: a decided height as some peer tells it, signatures verified, seal not yet judged.

    `seal` and `certificate` are the engine's own structs (see `Decide` and `Certify`).
    """

    height: Height
    values: tuple[bytes, ...]
    seal: Any
    certificate: Any = None


Event: TypeAlias = Started | Received | Elapsed | Proposed | Checked | Applied | Pending | Offered
