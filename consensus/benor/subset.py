"""Agreement on a common subset: which of the members' values are ordered (Ben-Or, Kelmer, Rabin 1994).

Model, as of `agreement` and `broadcast`: asynchronous, members crash, n > 2f. Nobody leads, and
nothing waits for a clock.
Each member broadcasts its value, and for each author there is one binary agreement: 1 where the
author's value was delivered here; once n - f of them ended with 1, 0 to all that have no input yet.
The subset is the authors whose agreement ended with 1; it is decided when all have ended and all of
its values are here.
Agreement is that of the binary ones, and of broadcast, as an author has one value. Validity: an
agreement ends with 1 only if some member brought 1 in, which held the value, as f + 1 members did; so
the value comes to everybody. The subset has at least n - f values.
Termination: all values of members that stay up are delivered, so n - f agreements get input 1
everywhere that had none, and after that all others have inputs.

Order: by (place + height) mod n, so that each member is first in its turn; equal values count once.

Cost: n broadcasts, n(n-1) messages each, and n agreements of 4n(n-1) if all values come at about the
same time: O(n^3) messages, three or four delays and a constant expected number of rounds for each.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from consensus.agreement import AgreementEffect, Decided, Event, Opened, Propose
from consensus.benor.agreement import BenOr
from consensus.benor.broadcast import Shelf, carry, hold_again, on_carried
from consensus.benor.messages import Ballot, Carried, Kept, Report, Vote
from consensus.benor.refusals import Refusal
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Ignore, Persist, Toss
from consensus.events import Received, Tossed
from consensus.message import Height

IN, OUT = b"\x01", b"\x00"


@dataclass(slots=True)
class Subset:
    """One participant."""

    me: ReplicaId
    committee: Committee
    height: Height
    shelf: Shelf
    agreements: dict[ReplicaId, BenOr] = field(default_factory=dict)
    """By author; made with the first word about it."""
    has_ended: bool = False

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """One step."""
        match event:
            case Received(sender, message) if not self.committee.is_member(sender):
                yield Ignore(message, Refusal.NOT_A_MEMBER)
            case Received(sender, Carried() as carried):
                yield from on_carried(self.shelf, sender, carried)
            case Received(sender, Vote(author, body) as vote):
                if self.committee.is_member(author):
                    yield from drive(self, author, Received(sender, body))
                else:
                    yield Ignore(vote, Refusal.NOT_A_MEMBER)
            case Received(_, message):
                yield Ignore(message, Refusal.UNKNOWN)
            case Propose(value) if self.me not in self.shelf.values:
                yield from carry(self.shelf, Carried(self.me, value))
            case Propose():
                yield Ignore(event, Refusal.UNWANTED)
            case Tossed((author, *tag), face) if author in self.agreements:
                yield from drive(self, int(author), Tossed(tuple(tag), face))
            case Opened(records):
                yield from restore(self, records)
            case _:
                yield Ignore(event, Refusal.UNKNOWN)
        yield from advance(self)


def open_subset(me: ReplicaId, committee: Committee, height: Height) -> Subset:
    """A participant before its first event."""
    return Subset(me, committee, height, Shelf(committee))


def drive(subset: Subset, author: ReplicaId, event: Event) -> Iterator[AgreementEffect]:
    """One step of the agreement on an author's value, in the words of this one."""
    agreement = subset.agreements.get(author)
    if agreement is None:
        agreement = subset.agreements[author] = BenOr(subset.me, subset.committee)
    for effect in agreement.react(event):
        match effect:
            case Persist(record):
                yield Persist(Kept(author, record))
            case Broadcast(Report() | Ballot() as vote):
                yield Broadcast(Vote(author, vote))
            case Toss(tag, common):
                yield Toss((author, *tag), common)
            case Decided():
                pass  # `advance` looks at what is decided
            case _:
                yield effect


def list_ended(subset: Subset, value: int) -> list[ReplicaId]:
    """The authors whose agreement ended with `value`, in the order of the committee."""
    return [
        author
        for author in subset.committee.members
        if author in subset.agreements and subset.agreements[author].decided == value
    ]


def advance(subset: Subset) -> Iterator[AgreementEffect]:
    """After every step: inputs that are due, and the end."""
    members = subset.committee.members
    for author in members:
        if not has_input(subset, author) and subset.shelf.has_delivered(author):
            yield from drive(subset, author, Propose(IN))
    if len(list_ended(subset, 1)) >= subset.committee.size - subset.committee.faults:
        for author in members:
            if not has_input(subset, author):
                yield from drive(subset, author, Propose(OUT))
    chosen = list_ended(subset, 1)
    is_over = len(chosen) + len(list_ended(subset, 0)) == subset.committee.size
    if is_over and not subset.has_ended and all(author in subset.shelf.values for author in chosen):
        subset.has_ended = True
        yield Decided(order(subset, chosen))


def has_input(subset: Subset, author: ReplicaId) -> bool:
    """Did this member bring an input into an author's agreement, or learn how it ended."""
    agreement = subset.agreements.get(author)
    return agreement is not None and (agreement.value is not None or agreement.has_halted)


def order(subset: Subset, chosen: list[ReplicaId]) -> tuple[bytes, ...]:
    """The chosen values, another author first at each height; the first of equal ones counts."""
    members, size = subset.committee.members, subset.committee.size
    places = {author: (members.index(author) + subset.height) % size for author in chosen}
    ordered = sorted(chosen, key=places.__getitem__)
    return tuple(dict.fromkeys(subset.shelf.values[author] for author in ordered))


def restore(subset: Subset, records: tuple[object, ...]) -> Iterator[AgreementEffect]:
    """Hold what was held, and let each agreement stand where it stood."""
    kept: dict[ReplicaId, list[object]] = {}
    for record in records:
        match record:
            case Carried():
                yield from hold_again(subset.shelf, record)
            case Kept():
                kept.setdefault(record.author, []).append(record.record)
    for author in sorted(kept):
        yield from drive(subset, author, Opened(tuple(kept[author])))
