"""The record of one replica that runs an agreement per height."""

from dataclasses import dataclass, field
from typing import Any

from consensus.agreement import Agreement
from consensus.chaining.family import Family
from consensus.chaining.keeper import Keeper
from consensus.chaining.messages import (
    At,
)
from consensus.committee import ReplicaId
from consensus.message import Height

AT = "at"
"""Timers of instances are called ("at", height, …)."""


@dataclass(slots=True)
class Instance:
    """The agreement on one height that is not decided here."""

    agreement: Agreement
    has_value: bool = False
    """Has this replica brought a value in."""
    is_called: bool = False
    """Has another member begun."""
    has_ended: bool = False
    said: list[tuple[ReplicaId | None, At[Any]]] = field(default_factory=list)
    """What is repeated; to all where there is no receiver."""


@dataclass(slots=True)
class Clock:
    """Which timers run."""

    resend: bool = False
    idle: bool = False
    resends: int = 0
    progressed: bool = False


@dataclass(slots=True)
class Chain:
    """One replica of an engine made of agreements."""

    family: Family
    parameters: Any
    keeper: Keeper
    instances: dict[Height, Instance] = field(default_factory=dict)
    records: dict[Height, list[Any]] = field(default_factory=dict)
    """What is in the journal of heights that are not executed yet."""
    requested: Height | None = None
    required: bool = False
    clock: Clock = field(default_factory=Clock)

    @property
    def current(self) -> Instance | None:
        """The instance of the next height, if anybody has begun."""
        return self.instances.get(self.keeper.decided + 1)
