"""k-set agreement without any clock: at most f + 1 different decisions (the chapter's 3.3, mended).

Source: Chaudhuri 1993.

Model: asynchronous; messages between members that stay up arrive; members crash, and may come back
with their journals. Values are any bytes.
Bound: f < n, and k > f. Validity V1.
Everybody says its value, waits for n - f of them, its own included, and decides the least. At most f
values are missing anywhere, so the least one that is decided is among the f + 1 least inputs: whatever
is decided is one of these. With k <= f nothing can help (Borowsky and Gafni, Herlihy and Shavit,
Saks and Zaharoglou, all 1993; the proof is topological).

The chapter's "a limited number of correct nodes may decide differently" bounds nothing as it stands;
`model.outcomes.Weak` says how many values, and how many members off the commonest.

Written before it is said: the own value, and the decision. A restart says the value again and asks for
the others', or has its decision already; whoever is asked says its own value to that member once more.

Not for ordering blocks: members go on with different values. Good for choosing candidates.

Cost: one round, n(n-1) messages, two durable writes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from consensus.agreement import AgreementEffect, Decided, Event, Opened, Propose
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Ignore, Persist, Send
from consensus.events import Received
from consensus.message import Message
from consensus.model.claims import Claims

NOT_A_MEMBER, UNKNOWN, DUPLICATE, UNWANTED = (
    "not-a-member",
    "unknown-message",
    "duplicate",
    "unwanted",
)


class Offer(Message, tag="k-set-offer", frozen=True):
    """The sender's input; `again` asks for the receiver's, after a restart."""

    value: bytes
    again: bool = False


class Choice(Message, tag="k-set-choice", frozen=True):
    """In the journal: what was decided."""

    value: bytes


@dataclass(slots=True)
class KSet:
    """One participant; `value` is None before it has an input."""

    me: ReplicaId
    committee: Committee
    value: bytes | None = None
    offers: dict[ReplicaId, bytes] = field(default_factory=dict)
    has_decided: bool = False

    @property
    def awaited(self) -> int:
        """Waiting for more could be for ever."""
        return self.committee.size - self.committee.faults

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """One step."""
        match event:
            case Received(sender, message) if not self.committee.is_member(sender):
                yield Ignore(message, NOT_A_MEMBER)
            case Received(sender, Offer() as offer):
                yield from on_offer(self, sender, offer)
            case Received(_, message):
                yield Ignore(message, UNKNOWN)
            case Propose(value) if self.value is None:
                self.value = value
                yield Persist(Offer(value))
                yield Broadcast(Offer(value))
            case Propose():
                yield Ignore(event, UNWANTED)
            case Opened(records):
                yield from restore(self, records)
            case _:
                yield Ignore(event, UNKNOWN)


def on_offer(k_set: KSet, sender: ReplicaId, offer: Offer) -> Iterator[AgreementEffect]:
    """Another input; the first of each member counts."""
    if offer.again and sender != k_set.me and k_set.value is not None:
        yield Send(sender, Offer(k_set.value))
    if sender in k_set.offers:
        yield Ignore(offer, DUPLICATE)
        return
    k_set.offers[sender] = offer.value
    is_in = k_set.me in k_set.offers
    if is_in and not k_set.has_decided and len(k_set.offers) >= k_set.awaited:
        choice = Choice(min(k_set.offers.values()))
        yield Persist(choice)
        yield from conclude(k_set, choice)


def conclude(k_set: KSet, choice: Choice) -> Iterator[AgreementEffect]:
    """The decision, once."""
    k_set.has_decided = True
    yield Decided((choice.value,))


def restore(k_set: KSet, records: tuple[object, ...]) -> Iterator[AgreementEffect]:
    """Say the own value again; without a decision, ask for the others'."""
    is_open = not any(isinstance(record, Choice) for record in records)
    for record in records:
        match record:
            case Offer(value):
                k_set.value = value
                yield Broadcast(Offer(value, again=is_open))
            case Choice():
                yield from conclude(k_set, record)


def is_stale(k_set: KSet, message: object) -> bool:
    """Who has decided listens to questions only."""
    return k_set.has_decided and not (isinstance(message, Offer) and message.again)


CLAIMS = Claims(
    lambda size, _faults: {"Offer": size * (size - 1)}, lambda _size, _faults: 1, "n(n − 1)"
)
