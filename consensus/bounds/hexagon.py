"""The hexagon: n = 3f is too few for liars who cannot be told from others by what they sign.

Fischer, Lynch and Merritt 1986. Two copies of a system of three blocks A, B, C of f participants are
wired as a ring A0 B0 C0 A1 B1 C1: within a copy A talks to B and B to C, but C talks to the A of the
other copy. Copy 0 proposes 0 and copy 1 proposes 1. Nobody in the ring can tell. Each two neighbours
see a legal run of the three blocks in which the third is made of liars, so they have to agree, and to
decide their common input if they have one: 0 at A0, B0, C0 and 1 at A1, B1, C1, yet C0 agrees with A1.
That cannot be, so some pair breaks, whatever the algorithm is, and however many rounds it takes.

The pair is then *extracted*: in a genuine run of n = 3f its third block is a puppet that says to each
of the two what the ring said to it. They do what they did in the ring, to the letter.

Signatures void the argument: the puppet would have to say what correct members signed only in the
other copy, in their names. Agreement with signatures stands any f < n (Dolev and Strong 1983).
"""

from dataclasses import dataclass
from typing import Any

from consensus.bounds.culprit import list_heard
from consensus.bounds.rounds import Create, Place, Plan, Run, run
from consensus.committee import Committee, ReplicaId
from consensus.model.outcomes import Outcome
from consensus.model.validity import Validity

BLOCKS = 3
COPIES = 2
LETTERS = "ABC"
Pair = tuple[int, int]
"""Two neighbours of the ring, by their place in it: 0 is A0, 1 is B0, … 5 is C1."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The wiring of two copies of 3f participants; places 0 … n-1 are copy 0, the rest copy 1."""

    faults: int

    @property
    def size(self) -> int:
        """Of one copy."""
        return BLOCKS * self.faults

    def block(self, name: ReplicaId) -> int:
        """Whom a participant belongs to: 0 for A, 1 for B, 2 for C."""
        return name // self.faults

    def route(self, place: Place, name: ReplicaId) -> Place:
        """Whose copy a name leads to; between C and A lies the other copy."""
        copy, me = divmod(place, self.size)
        crosses = {self.block(me), self.block(name)} == {0, BLOCKS - 1}
        return (copy ^ crosses) * self.size + name

    def members(self, corner: int) -> list[Place]:
        """The places of a block of the ring."""
        copy, block = divmod(corner, BLOCKS)
        first = copy * self.size + block * self.faults
        return list(range(first, first + self.faults))


@dataclass(frozen=True, slots=True)
class Extraction:
    """A pair, replayed in a genuine run of 3f with a puppet for the third block."""

    pair: Pair
    liars: tuple[ReplicaId, ...]
    outcome: Outcome
    broken: tuple[str, ...]
    is_same: bool
    """Did both blocks hear and decide what they heard and decided in the ring."""
    forged: int
    """What the puppet could not say, for want of signatures."""


def tell_corner(corner: int) -> str:
    """A0, B0, C0, A1, B1 or C1."""
    copy, block = divmod(corner, BLOCKS)
    return f"{LETTERS[block]}{copy}"


def list_pairs() -> list[Pair]:
    """The six pairs of neighbours."""
    corners = BLOCKS * COPIES
    return [(corner, (corner + 1) % corners) for corner in range(corners)]


def run_ring(create: Create, faults: int) -> Run:
    """The ring; copy 0 proposes 0, and copy 1 proposes 1."""
    ring = Ring(faults)
    places = range(COPIES * ring.size)
    plan = Plan(
        Committee.of(ring.size, faults),
        create,
        inputs={place: bytes([place // ring.size]) for place in places},
        names={place: place % ring.size for place in places},
        route=ring.route,
    )
    return run(plan)


def extract(create: Create, faults: int, ran: Run, pair: Pair) -> Extraction:
    """Replay a pair among 3f: the third block says to each what the ring said to it."""
    ring = Ring(faults)
    real = {place % ring.size: place for corner in pair for place in ring.members(corner)}
    liars = tuple(name for name in range(ring.size) if name not in real)
    puppets: dict[Place, dict[tuple[int, Place], Any]] = {liar: {} for liar in liars}
    for me, place in real.items():
        for heard in ran.standing[place].heard:
            if heard.sender in puppets:
                puppets[heard.sender][heard.round, me] = heard.message
    inputs = {me: bytes([place // ring.size]) for me, place in sorted(real.items())}
    plan = Plan(Committee.of(ring.size, faults), create, inputs, puppets=puppets)
    replayed = run(plan)
    is_same = all(
        list_heard(replayed, me) == list_heard(ran, place)
        and replayed.decisions.get(me) == ran.decisions.get(place)
        for me, place in real.items()
    )
    outcome = Outcome(inputs, replayed.decisions, frozenset(real), frozenset(liars))
    broken = outcome.list_broken(Validity.UNANIMOUS_CORRECT, uniform=False)
    return Extraction(pair, liars, outcome, broken, is_same, replayed.forged)
