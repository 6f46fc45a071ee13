"""Reliable broadcast among members that crash: what one delivers, all that stay up deliver.

Source: the relay of Hadzilacos and Toueg 1994, with a majority that holds (their uniform form).

Model: asynchronous; links lose messages but what is repeated arrives; members crash, and come back
with their journals. Bound: n > 2f.
Whoever hears a value writes it down and says it on before it counts; it is delivered once f + 1
members have said it, of whom one stays up and goes on saying it. Over links that lose nothing the
first relay would do; where a crash takes with it what links have lost, f + 1 holders are needed.

Cost: n(n-1) messages; delivery after two delays, after one where f = 1 and for others than the author.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from consensus.agreement import AgreementEffect
from consensus.benor.messages import Carried
from consensus.benor.refusals import Refusal
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Ignore, Persist
from consensus.events import Checked


@dataclass(slots=True)
class Shelf:
    """The values that this member holds, by author, and who else is known to hold each."""

    me: ReplicaId
    committee: Committee
    values: dict[ReplicaId, bytes] = field(default_factory=dict)
    holders: dict[ReplicaId, set[ReplicaId]] = field(default_factory=dict)

    @property
    def has_spoken(self) -> bool:
        """Did this member bring a value in."""
        return self.me in self.values

    def has_delivered(self, author: ReplicaId) -> bool:
        """Do so many hold the value that it cannot be lost."""
        return len(self.holders.get(author, ())) >= self.committee.weak_quorum

    def find(self, author: ReplicaId) -> bytes | None:
        """The value of an author, of whom there is one."""
        return self.values.get(author)

    def list_held(self) -> tuple[ReplicaId, ...]:
        """Whose values are here."""
        return tuple(sorted(self.values))

    def bring(self, value: bytes) -> Iterator[AgreementEffect]:
        """The own value."""
        return carry(self, Carried(self.me, value))

    def hear(self, sender: ReplicaId, message: object) -> Iterator[AgreementEffect]:
        """One message about somebody's value."""
        if isinstance(message, Carried):
            yield from on_carried(self, sender, message)
        else:
            yield Ignore(message, Refusal.UNKNOWN)

    def judge(self, _event: Checked) -> Iterator[AgreementEffect]:
        """Nobody brings in what is not valid."""
        return iter(())

    def restore(self, record: object) -> Iterator[AgreementEffect]:
        """What the journal says this member holds."""
        if isinstance(record, Carried):
            yield from hold_again(self, record)


def carry(shelf: Shelf, carried: Carried) -> Iterator[AgreementEffect]:
    """Hold a value, and say so; an author's first value counts."""
    if carried.author not in shelf.values:
        shelf.values[carried.author] = carried.value
        yield Persist(carried)
        yield Broadcast(carried)


def on_carried(shelf: Shelf, sender: ReplicaId, carried: Carried) -> Iterator[AgreementEffect]:
    """Another holder; the first one makes this member the next."""
    if not shelf.committee.is_member(carried.author):
        yield Ignore(carried, Refusal.NOT_A_MEMBER)
    elif sender in shelf.holders.get(carried.author, ()):
        yield Ignore(carried, Refusal.DUPLICATE)
    else:
        shelf.holders.setdefault(carried.author, set()).add(sender)
        yield from carry(shelf, carried)


def hold_again(shelf: Shelf, carried: Carried) -> Iterator[AgreementEffect]:
    """What the journal says this member holds, said again."""
    shelf.values[carried.author] = carried.value
    yield Broadcast(carried)
