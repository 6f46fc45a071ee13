"""Instances take their steps, in the words of an engine."""

from collections.abc import Iterator
from typing import Any

import msgspec

from consensus.agreement import Decided, Settled
from consensus.agreement import Event as AgreementEvent
from consensus.chaining import attesting, delivering
from consensus.chaining.chain import AT, Chain, Instance
from consensus.chaining.messages import (
    At,
    Noted,
)
from consensus.chaining.refusals import Refusal
from consensus.committee import ReplicaId
from consensus.effects import (
    Broadcast,
    CancelTimer,
    Effect,
    Ignore,
    Persist,
    Send,
    SetTimer,
    Toss,
)
from consensus.events import (
    Checked,
    Received,
)
from consensus.message import Height

REPEATED_MAX = 1_024
"""Messages of an instance that are repeated, the newest; seven members say 50 in the good case."""


def on_at(chain: Chain, sender: ReplicaId, message: At[Any]) -> Iterator[Effect]:
    """An agreement speaks to this replica's instance of the same height."""
    keeper, height = chain.keeper, message.height
    if height <= keeper.decided:
        yield Ignore(message, Refusal.DECIDED)
        return
    keeper.claim(sender, height - 1)
    if not keeper.is_voting:
        yield Ignore(message, Refusal.NOT_VOTING)
    elif height > keeper.ceiling:
        yield Ignore(message, Refusal.BEYOND_WINDOW)
    else:
        instance = open_instance(chain, height)
        instance.is_called = instance.is_called or sender != keeper.me
        yield from drive(chain, height, Received(sender, message.body))


def open_instance(chain: Chain, height: Height) -> Instance:
    """The instance of a height, made when it is first needed."""
    keeper = chain.keeper
    assert keeper.me is not None
    if height not in chain.instances:
        agreement = chain.family.open(keeper.me, keeper.committee, height, chain.parameters)
        chain.instances[height] = Instance(agreement)
    return chain.instances[height]


def drive(chain: Chain, height: Height, event: AgreementEvent) -> Iterator[Effect]:
    """One step of an instance, in the words of an engine."""
    keeper, instance = chain.keeper, chain.instances.get(height)
    if instance is None:
        yield Ignore(event, Refusal.DECIDED)
        return
    for effect in instance.agreement.react(event):
        match effect:
            case Persist(record):
                yield from write(chain, height, Noted(height, record))
            case Send(to, message):
                yield Send(to, remember(chain, instance, to, At(height, message)))
            case Broadcast(message):
                yield Broadcast(remember(chain, instance, None, At(height, message)))
            case SetTimer(timer):
                yield msgspec.structs.replace(effect, timer=(AT, height, *timer))
            case CancelTimer(timer):
                yield CancelTimer((AT, height, *timer))
            case Toss(tag, common):
                keeper.count("tossed")
                yield Toss((height, *tag), common)
            case Decided(values):
                yield from on_decided(chain, height, instance, values)
            case Settled():
                pass  # the last word covers it
            case _:
                yield effect


def remember(chain: Chain, instance: Instance, to: ReplicaId | None, message: At[Any]) -> At[Any]:
    """What was said to others is repeated until the height is decided."""
    if to != chain.keeper.me:
        instance.said.append((to, message))
        del instance.said[:-REPEATED_MAX]
    return message


def on_decided(
    chain: Chain, height: Height, instance: Instance, values: tuple[bytes, ...]
) -> Iterator[Effect]:
    """The instance has said its word."""
    instance.has_ended = True
    delivering.settle(chain.keeper, height, values)
    yield from attesting.attest(chain.keeper, height)


def write(chain: Chain, height: Height, record: Any) -> Iterator[Effect]:
    """Into the journal, and remembered until the height is executed."""
    chain.records.setdefault(height, []).append(record)
    yield Persist(record)


def on_checked(chain: Chain, event: Checked) -> Iterator[Effect]:
    """The verdict on a value, for whoever asked."""
    delivering.note_verdict(chain.keeper, event)
    for height in sorted(chain.instances):
        yield from drive(chain, height, event)
