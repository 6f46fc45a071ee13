"""One participant and what its host owes it, as one value; a step of it is a pure function.

The host of an exploration is as small as the contract allows: writes are durable at once, timers and
tosses wait in sets until the explorer lets them end, and what an engine asks its host is answered in
the same step.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import msgspec

from consensus.agreement import Decided, Settled
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
from consensus.message import Height, Sign, compute_digest, sign_message

UNSEEN = (
    Accuse,
    Alert,
    Behind,
    Certify,
    Diverge,
    Persist,
    Readable,
    Rewrite,
    Settled,
)
"""Effects that no other participant sees, and from which nothing comes back, like `Ignore`."""
SPOKEN = (Send, Broadcast)
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
    """What its clients want ordered, until the last height is decided."""
    is_down: bool = False
    heights_max: Height | None = None
    """Its clients want nothing ordered above."""
    watched: ReplicaId | None = None
    """Whose silence it wants to be told of."""
    journal: tuple[Any, ...] | None = None
    """What it has written, if it may restart."""
    restarts: int = 0


def advance(
    local: Local,
    event: Any,
    committee: Any,
    tape: Tape | None = None,
    sign: Sign | None = None,
) -> tuple[tuple[ReplicaId, Any], ...]:
    """One atomic step of a participant and all that its host answers at once.

    Returns what was said, as receivers and messages, in order; the participant itself hears its own
    broadcasts within the step, as over a link that never waits. With a tape, coins come to rest at
    once, so that the step is a function of state and event. With a signature, what is said bears it.
    """
    said: list[tuple[ReplicaId, Any]] = []
    inbox: deque[Any] = deque([event])
    while inbox:
        for effect in list(local.participant.react(inbox.popleft())):
            perform(local, effect, committee, said, inbox, sign)
        if tape is not None:
            inbox.extend(show_coin(local, tag, tape(local.me, tag)) for tag in sorted(local.tosses))
    return tuple(said)


def perform(  # noqa: C901, PLR0912, PLR0917 - one match
    local: Local,
    effect: Any,
    committee: Any,
    said: list[tuple[ReplicaId, Any]],
    inbox: deque[Any],
    sign: Sign | None = None,
) -> None:
    """Do what a participant asks."""
    if sign is not None and isinstance(effect, SPOKEN):
        effect = msgspec.structs.replace(effect, message=sign_message(effect.message, sign))
    match effect:
        case Ignore():
            pass
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
        case Watch(replica):
            local.watched = replica
        case Persist(record) if local.journal is not None:
            local.journal = (*local.journal, record)
        case Rewrite(records) if local.journal is not None:
            local.journal = records
        case Toss(tag, common):
            local.tosses[tag] = common
        case Decided(values):
            local.words = (*local.words, (0, values))
        case Decide(height, values):
            local.words = (*local.words, (height, values))
            block_id = compute_digest(repr((height, values)).encode())
            inbox.append(Applied(height, block_id, committee))
            if height == local.heights_max:
                inbox.append(Pending(some=False))
        case Check(_, digest):
            inbox.append(Checked(digest, Verdict.VALID))
        case Request(height, _, required):
            answer_request(local, height, inbox, required=required)
        case _ if not isinstance(effect, UNSEEN):
            raise ContractError(f"{type(effect).__name__}: an exploration serves no such effect")


def answer_request(local: Local, height: Height, inbox: deque[Any], *, required: bool) -> None:
    """The host packs its clients' work, always the same, or an empty payload if it must."""
    if local.heights_max is not None and height > local.heights_max:
        return
    if local.values:
        inbox.append(Proposed(height, local.values[0]))
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
