"""An engine made of agreements: one instance per height, one height after the other.

Model, bound and safety are the agreement's: instances share nothing, an instance's messages carry its
height, and height h + 1 is begun by whoever has decided h. What is decided at a height is the same
everywhere because the agreement's word is. Members that missed it take it from others with its seal.

A replica brings a value into an instance when its host has work, or when another member has begun.
Fair-lossy links: while a height is undecided everything that was said about it is said again, with
growing but capped pauses, together with the question whether others are done.

A journal that was lost leaves a replica that does not know what it said: it only learns, for good.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from consensus.chaining import attesting, catch_up, checkpoint, delivering
from consensus.chaining.chain import AT, Chain
from consensus.chaining.driving import drive, on_at, on_checked
from consensus.chaining.family import Family
from consensus.chaining.keeper import Keeper, Role, Terms
from consensus.chaining.messages import (
    At,
    Checkpoint,
    CheckpointCertificate,
    Lack,
    Learned,
    Outcome,
)
from consensus.chaining.proposing import on_proposed, request
from consensus.chaining.refusals import Refusal, ignore
from consensus.chaining.repeating import keep_time, on_elapsed
from consensus.chaining.restart import on_applied, on_started
from consensus.committee import Committee, ReplicaId
from consensus.effects import (
    Effect,
    Ignore,
)
from consensus.events import (
    Applied,
    Checked,
    Elapsed,
    Event,
    Mined,
    Offered,
    Pending,
    Proposed,
    Read,
    Received,
    Refuted,
    Started,
    Stored,
    Suspected,
    Tossed,
    Trusted,
)
from consensus.message import Signed


@dataclass(slots=True)
class Chained:
    """The engine: one door over one record."""

    chain: Chain

    def react(self, event: Event) -> Iterator[Effect]:
        """One step: handle the event, then go on as the state demands."""
        keeper = self.chain.keeper
        if keeper.role is Role.HALTED:
            yield Ignore(event, Refusal.NOT_VOTING)
            return
        before = keeper.decided
        yield from route(self.chain, event)
        if before + 1 in keeper.results:
            yield from delivering.advance(keeper)
        if keeper.decided > before:
            self.chain.clock.progressed, self.chain.clock.resends = True, 0
            for old in [height for height in self.chain.instances if height <= keeper.decided]:
                del self.chain.instances[old]
        yield from request(self.chain)
        if keeper.is_behind:
            yield from catch_up.fetch_if_far(keeper)
        yield from keep_time(self.chain)


def route(chain: Chain, event: Event) -> Iterator[Effect]:
    """To the handler of the event."""
    keeper = chain.keeper
    match event:
        case Received():
            return route_message(chain, event.sender, event.message)
        case Checked():
            return on_checked(chain, event)
        case Tossed((height, *tag)):
            return drive(chain, height, Tossed(tuple(tag), event.face))
        case Elapsed((name, height, *timer)) if name == AT:
            return drive(chain, int(height), Elapsed(tuple(timer), event.tick))
        case Elapsed():
            return on_elapsed(chain, event)
        case Proposed():
            return on_proposed(chain, event)
        case Applied():
            return on_applied(chain, event)
        case Pending():
            keeper.pending = event.some
            return iter(())
        case Offered():
            return catch_up.on_offered(keeper, event)
        case Started():
            return on_started(chain, event)
        case Tossed() | Mined() | Stored() | Refuted() | Suspected() | Trusted() | Read():
            return ignore(event, Refusal.UNKNOWN)
        case _:
            assert_never(event)


def route_message(chain: Chain, sender: ReplicaId, message: object) -> Iterator[Effect]:
    """To the handler of the message; one who is no member may only ask."""
    keeper = chain.keeper
    if not keeper.committee.is_member(sender):
        return ignore(message, Refusal.NOT_A_MEMBER)
    match message:
        case At():
            return on_at(chain, sender, message)
        case Signed(body=Outcome()):
            return attesting.on_outcome(keeper, sender, message)
        case Lack():
            return catch_up.on_lack(keeper, sender, message)
        case Learned():
            return catch_up.on_learned(keeper, sender, message)
        case Signed(body=Checkpoint()):
            return checkpoint.on_checkpoint(keeper, sender, message)
        case CheckpointCertificate():
            return checkpoint.on_certificate(keeper, message)
        case _:
            return ignore(message, Refusal.UNKNOWN)


def create(family: Family, me: ReplicaId | None, committee: Committee, parameters: Any) -> Chained:
    """A replica before its first event; `me` is None for a follower."""
    terms = Terms(parameters.window, parameters.checkpoint_interval, family.proves)
    return Chained(Chain(family, parameters, Keeper(me, committee, terms)))
