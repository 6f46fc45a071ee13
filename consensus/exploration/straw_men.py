"""Three agreements that cannot be: each is simple, and each gives up one property (the chapter's 4.1).

Deterministic, asynchronous, and to stand one crash: no agreement has all of it (Fischer, Lynch and
Paterson 1985). Whoever waits for all never decides when one is silent; whoever goes by the first
n - 1 inputs need not see the same ones as the others; whoever always says 0 does not listen.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from consensus.agreement import AgreementEffect, Decided, Event, Propose
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Ignore
from consensus.events import Received
from consensus.message import Message


class Input(Message, tag="straw-input", frozen=True):
    """What the sender would have decided."""

    value: bytes


@dataclass(slots=True)
class StrawMan:
    """One participant that says its input and decides once it has heard `awaited` of them.

    A tie goes to the lesser value. Participants that have `awaited` 0 decide 0 and listen to nobody.
    """

    me: ReplicaId
    committee: Committee
    awaited: int
    inputs: dict[ReplicaId, bytes] = field(default_factory=dict)
    has_decided: bool = False

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """One step."""
        match event:
            case Propose(value):
                yield Broadcast(Input(value))
            case Received(sender, Input(value)) if not self.has_decided:
                self.inputs[sender] = value
            case _:
                yield Ignore(event, "unknown-message")
        yield from decide(self)


def decide(straw_man: StrawMan) -> Iterator[AgreementEffect]:
    """The commonest of the inputs that were heard first."""
    heard = list(straw_man.inputs.values())
    if straw_man.has_decided or len(heard) < straw_man.awaited:
        return
    straw_man.has_decided = True
    chosen = max(sorted(set(heard)), key=heard.count) if straw_man.awaited else b"\x00"
    straw_man.inputs = {}
    yield Decided((chosen,))


def is_stale(straw_man: StrawMan, _message: object) -> bool:
    """Who has decided listens no more."""
    return straw_man.has_decided
