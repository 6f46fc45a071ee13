"""From V1 to V2, where n > 3f: hear others first, and propose what most of them propose.

Source: the chapter's bounds, mended; the counting is Bracha and Toueg's (1985).

Model: as of the agreement inside, asynchronous, members crash. Bound: n > 3f, and that of the
agreement inside, which promises V1.
Everybody says its input, waits for n - f inputs, and proposes the commonest of these to the agreement
inside, of several the least.
Validity V2: if all correct members propose v, at most f of the inputs that anybody hears are others, and
at least n - 2f > f are v. So all propose v, also those who crash later, and V1 says that it is decided.
At n = 3f nothing can have it: X (f members, input 0) and Y (f, input 1) have to decide without Z; if
they decide 0, let Z hold 1 and X crash afterwards; if 1, let Z hold 0 and Y crash.

Written before it is said: the own input. A restart says it again.

Cost: one round and n(n-1) messages more than the agreement inside.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from consensus.agreement import AgreementEffect, Event, Opened, Propose
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Ignore, Persist
from consensus.events import Received
from consensus.message import Message
from consensus.model.claims import Claims


class Wish(Message, tag="adopting-wish", frozen=True):
    """The sender's input, before it has heard of others."""

    value: bytes


@dataclass(slots=True)
class Adopting:
    """One participant around its part of the agreement inside."""

    committee: Committee
    inner: Any
    wish: bytes | None = None
    wishes: dict[ReplicaId, bytes] = field(default_factory=dict)
    has_adopted: bool = False

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """One step."""
        match event:
            case Received(sender, Wish()) if not self.committee.is_member(sender):
                yield Ignore(event.message, "not-a-member")
            case Received(sender, Wish(value)):
                self.wishes.setdefault(sender, value)
            case Propose(value) if self.wish is None:
                self.wish = value
                yield Persist(Wish(value))
                yield Broadcast(Wish(value))
            case Propose():
                yield Ignore(event, "unwanted")
            case Opened(records):
                yield from restore(self, records)
            case _:
                yield from self.inner.react(event)
        yield from adopt(self)


def adopt(adopting: Adopting) -> Iterator[AgreementEffect]:
    """Propose what most of n - f wish, once."""
    heard = list(adopting.wishes.values())
    awaited = adopting.committee.size - adopting.committee.faults
    if adopting.has_adopted or adopting.wish is None or len(heard) < awaited:
        return
    adopting.has_adopted = True
    adopting.wishes = {}
    yield from adopting.inner.react(Propose(max(sorted(set(heard)), key=heard.count)))


def restore(adopting: Adopting, records: tuple[Any, ...]) -> Iterator[AgreementEffect]:
    """Say the own input again; the agreement inside has its own records."""
    inner = tuple(record for record in records if not isinstance(record, Wish))
    for record in records:
        if isinstance(record, Wish):
            adopting.wish = record.value
            yield Broadcast(record)
    yield from adopting.inner.react(Opened(inner))


def is_stale(adopting: Adopting, message: object) -> bool:
    """Inputs that come late change nothing."""
    return isinstance(message, Wish) and adopting.has_adopted


def make_claims(inner: Claims) -> Claims:
    """One round more than the agreement inside."""

    def count_messages(size: int, faults: int) -> dict[str, int]:
        return {"Wish": size * (size - 1), **inner.count_messages(size, faults)}

    def count_rounds(size: int, faults: int) -> int:
        return 1 + inner.count_rounds(size, faults)

    return Claims(count_messages, count_rounds, f"n(n − 1) + {inner.words}")
