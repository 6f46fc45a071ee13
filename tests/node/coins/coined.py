"""An engine for tests of the coin service: a common subset whose order two common coins decide."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from consensus import catalog
from consensus.agreement import AgreementEffect, Decided, Event
from consensus.benor import engine as benor
from consensus.benor.subset import Subset, open_subset
from consensus.chaining import engine as chaining
from consensus.chaining.family import Family, Standing
from consensus.committee import Committee, ReplicaId
from consensus.effects import Toss
from consensus.events import Tossed
from consensus.message import Height

NAME = "coined"
COINS = 2
BASE = 1_000
"""Above all authors, whose coins have their own tags."""


@dataclass(slots=True)
class Coined:
    """One participant; values go up or down by the coins' faces, so all must see the same."""

    subset: Subset
    values: tuple[bytes, ...] | None = None
    faces: dict[int, int] = field(default_factory=dict)

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """One step."""
        if isinstance(event, Tossed) and event.tag[0] == BASE:
            self.faces[event.tag[1]] = event.face
            if self.values is not None and len(self.faces) == COINS:
                yield Decided(sort(self.values, self.faces))
            return
        for effect in self.subset.react(event):
            if isinstance(effect, Decided):
                self.values = effect.values
                for number in range(COINS):
                    yield Toss((BASE, number), common=True)
            else:
                yield effect


def sort(values: tuple[bytes, ...], faces: dict[int, int]) -> tuple[bytes, ...]:
    """Up or down by the first coin, from the other end by the second."""
    return tuple(sorted(values, reverse=faces[0] == 1))[:: -1 if faces[1] else 1]


def open_coined(me: ReplicaId, committee: Committee, height: Height, _parameters: Any) -> Coined:
    return Coined(open_subset(me, committee, height))


def tell(coined: Coined) -> Standing:
    return benor.tell(coined.subset)


FAMILY = Family(NAME, open_coined, tell, proves=False)
SPEC = replace(
    catalog.get("benor"),
    name=NAME,
    create=lambda me, committee, parameters: chaining.create(FAMILY, me, committee, parameters),
    change=catalog.get("pbft").change,
    needs_coin=lambda _parameters: True,
)
