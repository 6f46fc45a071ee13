"""Synchronous ledger engines: one agreement per slot of the shared clock, one height after the other.

Model: synchronous with a known bound, clocks with a known skew, members that crash and come back with
their journals. Bound: n > 2f. Validity V2 of the values that members have: who has none brings none.
A slot is f + 1 rounds of the algorithm (FloodSet, or early stopping) and two of confirmation, each one
step of the clock long. Slots follow each other without a pause, whether there is work or not: in an idle
slot everybody says that there is nothing, so silence is noticed, and no height is decided.

Safety does not hang on the clock: see `deciding`. What does is progress: on a network slower than its
round every message is late, everybody raises the alarm and abstains, slot after slot, and nothing is
decided until the network keeps its promise again. A member that missed a height, or saw the assumption
broken in a slot, learns what was decided from any other (members do not lie), and takes part again from
the next slot that it is up to date for.

Where the chapter errs: it has no rounds in time, and no restart. With `confirms` 0 the engine is the
textbook's, and decides with the algorithm's last round: in order while messages are in time and at most
f crash for good; otherwise it may decide two values, which is what the confirmations are for.

Cost: (f + 3) n (n - 1) messages a slot, one durable write per height and member, none in idle slots.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from consensus.chaining import catch_up, checkpoint, delivering
from consensus.chaining.keeper import Keeper, Role, Terms
from consensus.chaining.messages import Checkpoint, CheckpointCertificate, Lack, Learned
from consensus.chaining.refusals import Refusal, ignore
from consensus.committee import Committee, ReplicaId
from consensus.effects import Alert, Effect, Ignore
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
from consensus.lockstep.alarms import DETAILS
from consensus.lockstep.hearing import on_said
from consensus.lockstep.messages import Said
from consensus.lockstep.paced import Paced
from consensus.lockstep.pacing import ask, on_step
from consensus.lockstep.parameters import Parameters
from consensus.lockstep.proposing import on_proposed, request
from consensus.lockstep.restart import on_applied, on_started
from consensus.message import Height, Signed


@dataclass(slots=True)
class Synchronous:
    """The engine: one door over one record."""

    paced: Paced

    def react(self, event: Event) -> Iterator[Effect]:
        """One step: handle the event, then go on as the state demands."""
        paced, keeper = self.paced, self.paced.keeper
        if keeper.role is Role.HALTED:
            yield Ignore(event, Refusal.NOT_VOTING)
            return
        yield from route(paced, event)
        if keeper.decided + 1 in keeper.results:
            yield from delivering.advance(keeper)
        yield from request(paced)
        if paced.is_behind and paced.tick:
            yield from ask(paced)
        if keeper.is_behind:
            yield from catch_up.fetch_if_far(keeper)
        if paced.alerts:
            yield from tell_alerts(paced)


def tell_alerts(paced: Paced) -> Iterator[Effect]:
    """What was seen to be broken, once a slot for each kind."""
    for alarm in [alarm for alarm, was_told in paced.alerts.items() if not was_told]:
        paced.alerts[alarm] = True
        yield Alert(f"synchrony-{alarm}", DETAILS[alarm])


def route(paced: Paced, event: Event) -> Iterator[Effect]:
    """To the handler of the event."""
    keeper = paced.keeper
    match event:
        case Received():
            return route_message(paced, event.sender, event.message)
        case Checked():
            delivering.note_verdict(keeper, event)
            return iter(())
        case Elapsed():
            return on_step(paced, event)
        case Proposed():
            return on_proposed(paced, event)
        case Applied():
            return on_applied(paced, event)
        case Pending():
            keeper.pending = event.some
            return iter(())
        case Offered():
            return catch_up.on_offered(keeper, event)
        case Started():
            return on_started(paced, event)
        case Tossed() | Mined() | Stored() | Refuted() | Suspected() | Trusted() | Read():
            return ignore(event, Refusal.UNKNOWN)
        case _:
            assert_never(event)


def route_message(paced: Paced, sender: ReplicaId, message: object) -> Iterator[Effect]:
    """To the handler of the message; one who is no member may only ask."""
    keeper = paced.keeper
    if not keeper.committee.is_member(sender):
        return ignore(message, Refusal.NOT_A_MEMBER)
    if isinstance(message, Said | Lack):
        paced.present.add(sender)
        paced.standing = max(paced.standing, find_standing(message))
    match message:
        case Said():
            return on_said(paced, sender, message)
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


def find_standing(message: Said | Lack) -> Height:
    """What the sender has decided."""
    return message.decided if isinstance(message, Lack) else message.height - 1


def create(
    algorithm: str, me: ReplicaId | None, committee: Committee, parameters: Any
) -> Synchronous:
    """A replica before its first event; `me` is None for a follower."""
    assert isinstance(parameters, Parameters)
    terms = Terms(parameters.window, parameters.checkpoint_interval, proves=False)
    return Synchronous(Paced(algorithm, parameters, Keeper(me, committee, terms)))
