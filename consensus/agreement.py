"""The agreement contract: a record of plain values that decides one value, once.

The same three laws as for engines hold (see `engine`), with the same events and effects as far as
they make sense where there is one decision and no ledger.
"""

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias

import msgspec

from consensus.effects import (
    Broadcast,
    CancelTimer,
    Check,
    Ignore,
    Persist,
    Send,
    SetTimer,
    Toss,
)
from consensus.events import Checked, Elapsed, Received, Tossed


class Opened(msgspec.Struct, frozen=True):
    """First event ever: what `Persist` saved, in order; nothing if the participant is new.

    With records the participant says again what may never have left.
    """

    records: tuple[Any, ...] = ()


class Propose(msgspec.Struct, frozen=True):
    """This participant would have `value` decided; who has brought one in already may ignore it."""

    value: bytes


class Decided(msgspec.Struct, frozen=True):
    """The final word, said at most once by each incarnation; always the same values everywhere.

    One value, or several where a common subset of the members' values is agreed on.
    """

    values: tuple[bytes, ...]


class Settled(msgspec.Struct, frozen=True):
    """Of several agreements under one host: the one at `index` has said its final word.

    Batches need it: an index that is slow holds nobody back. `Decided` follows when all have.
    """

    index: int
    values: tuple[bytes, ...]


Event: TypeAlias = Opened | Propose | Received | Elapsed | Checked | Tossed
AgreementEffect: TypeAlias = (
    Persist | Send | Broadcast | SetTimer | CancelTimer | Check | Toss | Settled | Decided | Ignore
)


class Agreement(Protocol):
    """What a host runs: a dataclass of plain values with one door."""

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """Handle `event`, yielding effects; never raises on what a peer said."""
        ...


def step(agreement: Agreement, event: Event) -> list[AgreementEffect]:
    """One atomic transition: the state is final before the first effect is performed."""
    return list(agreement.react(event))
