"""What an agreement has to bring along so that a chain can be made of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from consensus.agreement import Agreement
from consensus.committee import Committee, ReplicaId
from consensus.message import Height


class Parameters(Protocol):
    """What every family's parameters have; milliseconds and heights."""

    @property
    def window(self) -> int:
        """How far above the last decided height anything is kept."""

    @property
    def checkpoint_interval(self) -> int:
        """Heights between two certificates."""

    @property
    def idle_block_ms(self) -> int:
        """Pause before an empty payload, on a chain that has to move."""

    @property
    def resend_ms(self) -> int:
        """Pause before the first repetition."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an instance is doing, for people; see `engine.Account`."""

    phase: str
    round: int
    waiting_for: str
    needed: int
    heard: tuple[ReplicaId, ...]


class Family:
    """The agreement behind an engine; one object per family, compared by name.

    `open(me, committee, height, parameters)` makes an instance, `tell` describes one. Where `proves`,
    members may lie, and f + 1 of them sign what they decided.
    """

    __slots__ = ("name", "open", "proves", "tell")

    def __init__(
        self,
        name: str,
        open: Callable[[ReplicaId, Committee, Height, Any], Agreement],  # noqa: A002 - what it does
        tell: Callable[[Any], Standing],
        *,
        proves: bool,
    ) -> None:
        self.name = name
        self.open = open
        self.tell = tell
        self.proves = proves

    def __repr__(self) -> str:
        return f"Family({self.name!r})"
