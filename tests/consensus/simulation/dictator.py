"""A tiny engine that answers reads: replica 0 orders everything, and nobody votes on anything.

It stands no failure of replica 0. A read is answered with the last height that replica 0 has
ordered, which is no lower than whatever was decided anywhere. Its relatives answer wrongly.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from consensus import catalog
from consensus.committee import ReplicaId
from consensus.effects import Behind, Broadcast, Certify, Decide, Effect, Readable, Request, Send
from consensus.engine import Account
from consensus.engine_spec import EngineSpec
from consensus.events import Applied, Event, Offered, Proposed, Read, Received, Started
from consensus.message import Codec, Height, Message

CERTIFICATE = "so it is"


class Order(Message, tag="dictator-order", frozen=True):
    """The value of a height."""

    height: Height
    value: bytes


class AskIndex(Message, tag="dictator-ask", frozen=True):
    """How far must I have come to answer a reader."""

    ticket: int


class Index(Message, tag="dictator-index", frozen=True):
    """So far."""

    ticket: int
    height: Height


@dataclass(slots=True)
class Dictator:
    """One replica; it answers reads as it should."""

    me: ReplicaId | None
    ordered: Height = 0
    decided: Height = 0

    def react(self, event: Event) -> Iterator[Effect]:
        match event:
            case Started(_, height):
                self.ordered = self.decided = height
                yield from self.wish()
            case Proposed(height, value):
                self.ordered = height
                yield Broadcast(Order(height, value))
            case Received(_, Order(height, value)):
                yield from self.decide(height, (value,))
            case Offered(height, values):
                yield from self.decide(height, values)
            case Applied(height):
                yield Certify(height, CERTIFICATE)
                yield from self.wish()
            case Read(ticket):
                yield from self.on_read(ticket)
            case Received(sender, AskIndex(ticket)):
                yield Send(sender, Index(ticket, self.ordered))
            case Received(_, Index(ticket, height)):
                yield Readable(ticket, height)
            case _:
                pass

    def wish(self) -> Iterator[Effect]:
        if self.me == 0:
            yield Request(self.decided + 1, ())

    def decide(self, height: Height, values: tuple[bytes, ...]) -> Iterator[Effect]:
        if height == self.decided + 1:
            self.decided = height
            yield Decide(height, values, None)
        elif height > self.decided:
            yield Behind(height)

    def on_read(self, ticket: int) -> Iterator[Effect]:
        yield Send(0, AskIndex(ticket))


class Hasty(Dictator):
    """It answers with what it has itself, asking nobody."""

    __slots__ = ()

    def on_read(self, ticket: int) -> Iterator[Effect]:
        yield Readable(ticket, self.decided)


class Mute(Dictator):
    """It never answers."""

    __slots__ = ()

    def on_read(self, ticket: int) -> Iterator[Effect]:
        return iter(())


class Boastful(Dictator):
    """It answers at once, with a height that nobody decides."""

    __slots__ = ()

    def on_read(self, ticket: int) -> Iterator[Effect]:
        yield Readable(ticket, self.decided + 1_000)


def make_spec(kind: type[Dictator] = Dictator) -> EngineSpec:
    """A catalog entry; parameters and model are PBFT's, and mean nothing here."""
    return dataclasses.replace(
        catalog.get("pbft"),
        name="dictator",
        messages=Codec(Order | AskIndex | Index),
        records=Codec(None),
        seals=Codec(None),
        certificates=Codec(str),
        create=lambda me, _committee, _parameters: kind(me),
        account=describe,
        probes=(),
        judge_seal=lambda _seal, _height, _values, _committee: True,
        judge_certificate=lambda _certificate, _committee: None,
        reads=True,
    )


def describe(engine: Dictator) -> Account:
    return Account("calm", 0, 0, engine.decided + 1, "orders", 1, (0,), {})
