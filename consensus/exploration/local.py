"""One participant and what its host owes it, as one value; a step of it is a pure function.

The host of an exploration is as small as the contract allows: writes are durable at once, timers and
tosses wait in sets until the explorer lets them end, and what an engine asks its host is answered in
the same step.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from consensus.agreement import Decided
from consensus.committee import ReplicaId
from consensus.effects import (
    Accuse,
    Alert,
    Behind,
    Broadcast,
    CancelTimer,
    Certify,
    Check,
    Decide,
    Diverge,
    Ignore,
    Persist,
    Readable,
    Request,
    Rewrite,
    Send,
    SetTimer,
    Toss,
    Watch,
)
from consensus.errors import ContractError
from consensus.events import (
    Applied,
    Checked,
    Elapsed,
    Pending,
    Proposed,
    Received,
    Tag,
    Timer,
    Tossed,
    Verdict,
)
from consensus.message import Height, compute_digest

UNSEEN = (Accuse, Alert, Behind, Certify, Diverge, Ignore, Persist, Readable, Rewrite, Watch)
"""Effects that no other participant sees, and from which nothing comes back."""
Tape: TypeAlias = Callable[[ReplicaId, Tag], int]
"""What the coin of a participant shows, once and for all."""


class Participant(Protocol):
    """An agreement or an engine: a record of plain values with one door."""

    def react(self, event: Any) -> Iterable[Any]:
        """Handle `event`, yielding effects."""


@dataclass(slots=True)
class Local:
    """A participant and what it waits for; nobody restarts here, so nothing is kept on its disk."""

    me: ReplicaId
    participant: Any
    timers: set[Timer] = field(default_factory=set)
    tosses: dict[Tag, bool] = field(default_factory=dict)
    """Coins asked for; is it a common one."""
    words: tuple[tuple[Height, tuple[bytes, ...]], ...] = ()
    """What was decided, at which height; 0 for an agreement."""
    values: tuple[bytes, ...] = ()
    """What its clients still want ordered."""
    is_down: bool = False


def advance(
    local: Local, event: Any, committee: Any, tape: Tape | None = None
) -> tuple[tuple[ReplicaId, Any], ...]:
    """One atomic step of a participant and all that its host answers at once.

    Returns what was said, as receivers and messages, in order; the participant itself hears its own
    broadcasts within the step, as over a link that never waits. With a tape, coins come to rest at
    once, so that the step is a function of state and event.
    """
    said: list[tuple[ReplicaId, Any]] = []
    inbox: deque[Any] = deque([event])
    while inbox:
        for effect in list(local.participant.react(inbox.popleft())):
            perform(local, effect, committee, said, inbox)
        if tape is not None:
            inbox.extend(show_coin(local, tag, tape(local.me, tag)) for tag in sorted(local.tosses))
    return tuple(said)


def perform(  # noqa: C901 - one match
    local: Local,
    effect: Any,
    committee: Any,
    said: list[tuple[ReplicaId, Any]],
    inbox: deque[Any],
) -> None:
    """Do what a participant asks."""
    match effect:
        case Send(to, message) if to == local.me:
            inbox.append(Received(local.me, message))
        case Send(to, message):
            said.append((to, message))
        case Broadcast(message):
            said.extend((to, message) for to in committee.members if to != local.me)
            if committee.is_member(local.me):
                inbox.append(Received(local.me, message))
        case SetTimer(timer):
            local.timers.add(timer)
        case CancelTimer(timer):
            local.timers.discard(timer)
        case Toss(tag, common):
            local.tosses[tag] = common
        case Decided(values):
            local.words = (*local.words, (0, values))
        case Decide(height, values):
            local.words = (*local.words, (height, values))
            block_id = compute_digest(repr((height, values)).encode())
            inbox.append(Applied(height, block_id, committee))
        case Check(_, digest):
            inbox.append(Checked(digest, Verdict.VALID))
        case Request(height, _, required):
            answer_request(local, height, inbox, required=required)
        case _ if not isinstance(effect, UNSEEN):
            raise ContractError(f"{type(effect).__name__}: an exploration serves no such effect")


def answer_request(local: Local, height: Height, inbox: deque[Any], *, required: bool) -> None:
    """The host packs one piece of its clients' work, or an empty payload if it must."""
    if local.values:
        value, local.values = local.values[0], local.values[1:]
        inbox.append(Proposed(height, value))
        if not local.values:
            inbox.append(Pending(some=False))
    elif required:
        inbox.append(Proposed(height, f"{local.me}/{height}".encode()))


def end_timer(local: Local, timer: Timer) -> Elapsed:
    """A timer runs out; it is set no more."""
    local.timers.remove(timer)
    return Elapsed(timer)


def show_coin(local: Local, tag: Tag, face: int) -> Tossed:
    """A coin comes to rest."""
    del local.tosses[tag]
    return Tossed(tag, face)
