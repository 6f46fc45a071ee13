"""The agreement contract: a record of plain values that decides one value, once.

The same three laws as for engines hold (see `engine`), with the same events and effects as far as
they make sense where there is one decision and no ledger.
"""

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias

import msgspec

from consensus.effects import Broadcast, CancelTimer, Ignore, Persist, Send, SetTimer
from consensus.events import Elapsed, Received


class Opened(msgspec.Struct, frozen=True):
    """First event ever: what `Persist` saved, in order; nothing if the participant is new."""

    records: tuple[Any, ...] = ()


class Propose(msgspec.Struct, frozen=True):
    """This participant would have `value` decided."""

    value: bytes


class Decided(msgspec.Struct, frozen=True):
    """The final word, said at most once by each incarnation; always the same value everywhere."""

    value: bytes


Event: TypeAlias = Opened | Propose | Received | Elapsed
AgreementEffect: TypeAlias = Persist | Send | Broadcast | SetTimer | CancelTimer | Decided | Ignore


class Agreement(Protocol):
    """What a host runs: a dataclass of plain values with one door."""

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """Handle `event`, yielding effects; never raises on what a peer said."""
        ...


def step(agreement: Agreement, event: Event) -> list[AgreementEffect]:
    """One atomic transition: the state is final before the first effect is performed."""
    return list(agreement.react(event))
