"""Liars by wiring: whoever has two faces is two honest participants under one name and one key.

Everybody who is correct hears one of the two; which one, the wiring says. So a liar needs no knowledge
of the algorithm, its words are words that the algorithm says, and its signatures are its own.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from consensus.bounds.rounds import Create, Place, Plan, Run, run
from consensus.committee import Committee, ReplicaId
from consensus.model.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Wiring:
    """Members 0 … size - 1 at their places, and behind them the second faces of the liars.

    `second` are the places of second faces, by name; `shown` says which pairs (listener, liar's name)
    lead to the second face; all others lead to the first.
    """

    size: int
    second: Mapping[ReplicaId, Place]
    shown: frozenset[tuple[Place, ReplicaId]]

    @property
    def names(self) -> dict[Place, ReplicaId]:
        """Who stands where."""
        return {me: me for me in range(self.size)} | {at: me for me, at in self.second.items()}

    def route(self, place: Place, name: ReplicaId) -> Place:
        """Which face a name has from here; every face knows itself."""
        if self.names[place] == name:
            return place
        return self.second[name] if (place, name) in self.shown else name


def run_wired(
    wiring: Wiring, create: Create, faults: int, inputs: Mapping[Place, bytes]
) -> tuple[Run, Outcome]:
    """Run it; what the liars decide counts for nothing."""
    committee = Committee.of(wiring.size, faults)
    ran = run(Plan(committee, create, inputs, names=wiring.names, route=wiring.route))
    liars = frozenset(wiring.second)
    correct = frozenset(range(wiring.size)) - liars
    return ran, Outcome(
        {me: inputs[me] for me in sorted(correct)},
        {me: value for me, value in ran.decisions.items() if me in correct},
        correct,
        liars,
    )


@dataclass(frozen=True, slots=True)
class Attempt:
    """A wiring, the inputs by place, and who sees the second face of each liar."""

    wiring: Wiring
    inputs: Mapping[Place, bytes]
    seeing: tuple[tuple[ReplicaId, ...], ...]

    @property
    def divides(self) -> bool:
        """Do all correct propose 1, and does each liar show both faces."""
        correct = set(range(self.wiring.size)) - set(self.wiring.second)
        is_unanimous = all(self.inputs[me] == b"\x01" for me in correct)
        return is_unanimous and all(0 < len(some) < len(correct) for some in self.seeing)


def list_two_faced(size: int, liars: Sequence[ReplicaId]) -> Iterator[Attempt]:
    """Every way in which liars show 0 to some and 1 to the rest, from every input of the others.

    Second faces hear each other's second faces, so the liars are in league.
    """
    others = [me for me in range(size) if me not in liars]
    second = {liar: size + at for at, liar in enumerate(liars)}
    league = {(at, other) for liar, at in second.items() for other in liars if other != liar}
    faces = dict.fromkeys(liars, b"\x00") | dict.fromkeys(second.values(), b"\x01")
    audiences = [some for n in range(size) for some in itertools.combinations(others, n)]
    for bits in itertools.product((0, 1), repeat=len(others)):
        inputs = {me: bytes([bit]) for me, bit in zip(others, bits, strict=True)} | faces
        for seeing in itertools.product(audiences, repeat=len(liars)):
            pairs = zip(liars, seeing, strict=True)
            shown = {(me, liar) for liar, some in pairs for me in some}
            wiring = Wiring(size, second, frozenset(shown | league))
            yield Attempt(wiring, dict(sorted(inputs.items())), seeing)
