"""Agreement on a common subset: which of the members' values are ordered (Ben-Or, Kelmer, Rabin 1994).

Nobody leads, and nothing waits for a clock. Each member broadcasts its value reliably, and for each
author there is one binary agreement: 1 where the author's value was delivered here; once n - f of them
ended with 1, 0 to all that have no input yet. The subset is the authors whose agreement ended with 1;
it is decided when all have ended and all of its values are here.

Model and bound are those of its two parts (`Kind`): members that crash, n > 2f, with `broadcast` and
`agreement`; or members that lie, n > 3f, with `bracha` and `mmr`.
Agreement is that of the binary ones, and of broadcast, as an author has one value. Validity: an
agreement ends with 1 only if some correct member brought 1 in, to which the value was delivered; so it
comes to everybody. The subset has at least n - f values, of which n - 2f are of correct members.
Termination: all values of correct members are delivered, so n - f agreements get input 1 everywhere
that had none, and after that all others have inputs.

Order: by (place + height) mod n, so that each member is first in its turn; equal values count once.

Cost: n broadcasts and n agreements, O(n^3) messages, and a constant expected number of rounds for each.
Where members crash: n(n-1) for a broadcast and 4n(n-1) for an agreement, if all values come at about
the same time; where they lie (n-1) + 2n(n-1) and 5n(n-1).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from consensus.agreement import AgreementEffect, Decided, Event, Opened, Propose
from consensus.benor.agreement import BenOr, Rule
from consensus.benor.bracha import Forum
from consensus.benor.broadcast import Shelf
from consensus.benor.messages import Kept, Vote
from consensus.benor.mmr import Mmr
from consensus.benor.refusals import Refusal
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Ignore, Persist, Toss
from consensus.events import Checked, Received, Tossed
from consensus.message import Height

IN, OUT = b"\x01", b"\x00"
GIVEN = (1, 0)
"""In place of the first coins where members lie: most agreements begin with 1 everywhere, the others
mostly with 0, and both end without asking for a coin."""


class Kind(Enum):
    """Which binary agreement decides who is in, and with it what members may do."""

    LOCAL = "benor-local"
    """They crash; everybody has a coin."""
    COMMON = "benor-common"
    """They crash; all have one coin, and the rule that binds it."""
    LYING = "mmr"
    """They lie."""


@dataclass(slots=True)
class Subset:
    """One participant."""

    me: ReplicaId
    committee: Committee
    height: Height
    shelf: Shelf | Forum
    kind: Kind = Kind.LOCAL
    agreements: dict[ReplicaId, BenOr | Mmr] = field(default_factory=dict)
    """By author; made with the first word about it."""
    has_ended: bool = False

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """One step."""
        match event:
            case Received(sender, message) if not self.committee.is_member(sender):
                yield Ignore(message, Refusal.NOT_A_MEMBER)
            case Received(sender, Vote(author, body) as vote):
                if not self.committee.is_member(author):
                    yield Ignore(vote, Refusal.NOT_A_MEMBER)
                    return
                before = find_ends(self, author)
                yield from drive(self, author, Received(sender, body))
                if find_ends(self, author) == before:
                    return  # `advance` looks at nothing else of an agreement
            case Received(sender, message):
                author = getattr(message, "author", sender)
                held = self.shelf.has_delivered(author), self.shelf.find(author)
                yield from self.shelf.hear(sender, message)
                if (self.shelf.has_delivered(author), self.shelf.find(author)) == held:
                    return
            case Propose(value) if not self.shelf.has_spoken:
                yield from self.shelf.bring(value)
            case Propose():
                yield Ignore(event, Refusal.UNWANTED)
            case Checked():
                yield from self.shelf.judge(event)
            case Tossed((author, *tag), face) if author in self.agreements:
                yield from drive(self, int(author), Tossed(tuple(tag), face))
            case Opened(records):
                yield from restore(self, records)
            case _:
                yield Ignore(event, Refusal.UNKNOWN)
        yield from advance(self)


def open_subset(
    me: ReplicaId, committee: Committee, height: Height, kind: Kind = Kind.LOCAL
) -> Subset:
    """A participant before its first event."""
    lie = kind is Kind.LYING
    shelf = Forum(me, committee, height) if lie else Shelf(me, committee)
    return Subset(me, committee, height, shelf, kind)


def open_agreement(subset: Subset) -> BenOr | Mmr:
    """One binary agreement before its first event."""
    match subset.kind:
        case Kind.LOCAL:
            return BenOr(subset.me, subset.committee)
        case Kind.COMMON:
            return BenOr(subset.me, subset.committee, Rule.BINDING)
        case Kind.LYING:
            return Mmr(subset.me, subset.committee, GIVEN)


def drive(subset: Subset, author: ReplicaId, event: Event) -> Iterator[AgreementEffect]:
    """One step of the agreement on an author's value, in the words of this one."""
    agreement = subset.agreements.get(author)
    if agreement is None:
        agreement = subset.agreements[author] = open_agreement(subset)
    for effect in agreement.react(event):
        match effect:
            case Persist(record):
                yield Persist(Kept(author, record))
            case Broadcast(word):
                yield Broadcast(Vote(author, word))
            case Toss(tag, common):
                yield Toss((author, *tag), common)
            case Decided():
                pass  # `advance` looks at what is decided
            case _:
                yield effect


def find_ends(subset: Subset, author: ReplicaId) -> tuple[int | None, int | None]:
    """What went into the agreement on an author's value, and what came out of it."""
    agreement = subset.agreements.get(author)
    return (None, None) if agreement is None else (agreement.value, agreement.decided)


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
    if is_over and not subset.has_ended and None not in map(subset.shelf.find, chosen):
        subset.has_ended = True
        yield Decided(order(subset, chosen))


def has_input(subset: Subset, author: ReplicaId) -> bool:
    """Did this member bring an input into an author's agreement, or learn how it ended."""
    return find_ends(subset, author) != (None, None)


def order(subset: Subset, chosen: list[ReplicaId]) -> tuple[bytes, ...]:
    """The chosen values, another author first at each height; the first of equal ones counts."""
    members, size = subset.committee.members, subset.committee.size
    places = {author: (members.index(author) + subset.height) % size for author in chosen}
    ordered = sorted(chosen, key=places.__getitem__)
    values = [subset.shelf.find(author) for author in ordered]
    return tuple(dict.fromkeys(value for value in values if value is not None))


def restore(subset: Subset, records: tuple[object, ...]) -> Iterator[AgreementEffect]:
    """Hold what was held, and let each agreement stand where it stood."""
    kept: dict[ReplicaId, list[object]] = {}
    for record in records:
        match record:
            case Kept():
                kept.setdefault(record.author, []).append(record.record)
            case _:
                yield from subset.shelf.restore(record)
    for author in sorted(kept):
        yield from drive(subset, author, Opened(tuple(kept[author])))
