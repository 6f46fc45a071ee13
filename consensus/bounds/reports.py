"""What each argument shows, as plain values: for people, machines, pages and other processes."""

import msgspec

from consensus.bounds.theorem import Cell
from consensus.bounds.views import Execution
from consensus.bounds.witness import Witness
from consensus.committee import ReplicaId


class Named(msgspec.Struct, frozen=True, tag="run"):
    """A run, and what it stands for."""

    title: str
    witness: Witness
    groups: tuple[tuple[ReplicaId, ...], ...] = ()
    """A and B, who do not hear each other in time, and C, who lies; empty where there are none."""

    @property
    def is_shown(self) -> bool:
        """Does it hold inside the bound, and break outside."""
        return self.witness.is_as_it_should_be


class Corner(msgspec.Struct, frozen=True):
    """A block of the ring: A0, B0, C0, A1, B1 or C1."""

    name: str
    input: str
    decisions: tuple[str, ...]


class Replayed(msgspec.Struct, frozen=True):
    """Two neighbours of the ring, in a genuine run with a puppet for the third block."""

    pair: tuple[str, str]
    liars: tuple[ReplicaId, ...]
    inputs: dict[str, str]
    decisions: dict[str, str]
    broken: tuple[str, ...]
    same: bool
    """Did both hear and decide, to the letter, what they did in the ring."""
    forged: int
    """Messages of the puppet that were thrown away, for signatures that nobody gave."""


class Hexagon(msgspec.Struct, frozen=True, tag="hexagon"):
    """The ring of two copies, and its six pairs."""

    algorithm: str
    nodes: int
    faults: int
    rounds: int
    signed: bool
    corners: tuple[Corner, ...]
    pairs: tuple[Replayed, ...]

    @property
    def is_shown(self) -> bool:
        """A pair breaks in a genuine run; or, with signatures, none can be extracted."""
        if self.signed:
            return all(one.forged and not one.broken for one in self.pairs)
        return all(one.same for one in self.pairs) and any(one.broken for one in self.pairs)


class Hiding(msgspec.Struct, frozen=True, tag="hiding"):
    """The hiding chain against an algorithm of so many rounds; no inputs if nothing breaks."""

    algorithm: str
    nodes: int
    faults: int
    rounds: int
    inputs: tuple[int, ...]
    crashes: tuple[str, ...]
    decisions: dict[str, str]
    broken: tuple[str, ...]

    @property
    def is_shown(self) -> bool:
        """F rounds are too few, f + 1 are not."""
        return bool(self.broken) == (self.rounds <= self.faults)


class Culprit(msgspec.Struct, frozen=True):
    """The first execution of a chain in which an algorithm breaks something."""

    algorithm: str
    number: int
    decisions: dict[str, str]
    broken: tuple[str, ...]


class ChainFound(msgspec.Struct, frozen=True, tag="chain"):
    """The search for a chain of similar executions; no executions in it if there is none."""

    nodes: int
    faults: int
    rounds: int
    searched: int
    views: int
    reached: int
    chain: tuple[Execution, ...]
    links: tuple[ReplicaId, ...]
    culprits: tuple[Culprit, ...]

    @property
    def is_expected(self) -> bool:
        """F rounds or fewer are too few, where somebody is left to differ."""
        return self.rounds <= self.faults and self.nodes >= self.faults + 2

    @property
    def is_shown(self) -> bool:
        """There is a chain exactly where there has to be one, and it catches all it was shown."""
        return bool(self.chain) == self.is_expected


class CellShown(msgspec.Struct, frozen=True, tag="cell"):
    """One statement of the theorem."""

    cell: Cell

    @property
    def is_shown(self) -> bool:
        """Does it work inside, and break outside."""
        return self.cell.is_shown


Finding = Named | Hexagon | Hiding | ChainFound | CellShown
