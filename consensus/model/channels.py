"""Did a channel keep the promises of its links: what happened on it, held against the model.

A channel is a directed pair of correct replicas. Of its promises a finite run can refute those of
safety: nothing is made up, no reliable link delivers twice, FIFO keeps the order, a bound is kept.
That a message arrives *in the end* can only be refuted once a bound has passed: without a bound,
and on fair-lossy links, no finite run is a counterexample.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from consensus.model.links import Links, Loss, Order
from consensus.model.timing import World, classify, latest_arrival_ms, may_lose


@dataclass(slots=True)
class Channel:
    """What was sent and what was received, in the order of happening; messages by their numbers."""

    sent_ms: dict[int, int] = field(default_factory=dict)
    """When each message was sent; the order of the dictionary is the order of sending."""
    received: list[tuple[int, int]] = field(default_factory=list)
    """(message, when), one entry for each copy."""


def explain_breach(channel: Channel, links: Links, world: World, until_ms: int) -> str | None:
    """What promise the run up to `until_ms` broke, in words; None if it kept all.

    `links.delay` and the class of `world` are the same thing; the latter has the numbers.
    """
    assert links.delay is classify(world), "two answers to one question"
    return (
        explain_creation(channel)
        or (explain_repetition(channel) if links.loss is Loss.RELIABLE else None)
        or (explain_disorder(channel) if links.order is Order.FIFO else None)
        or explain_lateness(channel, world)
        or (explain_loss(channel, world, until_ms) if links.loss is Loss.RELIABLE else None)
    )


def explain_creation(channel: Channel) -> str | None:
    """No link makes a message up, or delivers it before it is sent."""
    for message, at_ms in channel.received:
        if message not in channel.sent_ms:
            return f"message {message} was received and never sent"
        if at_ms < channel.sent_ms[message]:
            return f"message {message} was received before it was sent"
    return None


def explain_repetition(channel: Channel) -> str | None:
    """A reliable link delivers once."""
    doubled = find_repeated(message for message, _ in channel.received)
    return None if doubled is None else f"message {doubled} was received twice"


def explain_disorder(channel: Channel) -> str | None:
    """First in, first out: by first copies, for a later one brings nothing."""
    place = {message: at for at, message in enumerate(channel.sent_ms)}
    latest = -1
    for message in dict.fromkeys(message for message, _ in channel.received):
        if place[message] < latest:
            return f"message {message} was overtaken"
        latest = place[message]
    return None


def explain_lateness(channel: Channel, world: World) -> str | None:
    """No copy is later than the bound."""
    for message, at_ms in channel.received:
        latest_ms = latest_arrival_ms(world, channel.sent_ms[message])
        if latest_ms is not None and at_ms > latest_ms:
            return f"message {message} came at {at_ms} ms, and was due at {latest_ms} ms"
    return None


def explain_loss(channel: Channel, world: World, until_ms: int) -> str | None:
    """What a reliable link owes by now has come."""
    received = {message for message, _ in channel.received}
    for message, sent_ms in channel.sent_ms.items():
        latest_ms = latest_arrival_ms(world, sent_ms)
        is_due = latest_ms is not None and latest_ms <= until_ms and not may_lose(world, sent_ms)
        if is_due and message not in received:
            return f"message {message} was due at {latest_ms} ms, and never came"
    return None


def find_repeated(messages: Iterable[int]) -> int | None:
    """The first that comes a second time."""
    seen: set[int] = set()
    for message in messages:
        if message in seen:
            return message
        seen.add(message)
    return None
