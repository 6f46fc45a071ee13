"""Liars by wiring: whoever has two faces is two honest participants under one name and one key.

Everybody who is correct hears one of the two; which one, the wiring says. So a liar needs no knowledge
of the algorithm, its words are words that the algorithm says, and its signatures are its own.
"""

import itertools
from collections.abc import Iterator, Mapping
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
    wiring: Wiring, create: Create, faults: int, rounds: int, inputs: Mapping[Place, bytes]
) -> tuple[Run, Outcome]:
    """Run it; what the liars decide counts for nothing."""
    committee = Committee.of(wiring.size, faults)
    ran = run(
        Plan(committee, create, inputs, names=wiring.names, route=wiring.route),
        rounds,
    )
    liars = frozenset(wiring.second)
    correct = frozenset(range(wiring.size)) - liars
    return ran, Outcome(
        {me: inputs[me] for me in sorted(correct)},
        {me: value for me, value in ran.decisions.items() if me in correct},
        correct,
        liars,
    )


def list_two_faced(
    size: int, liar: ReplicaId
) -> Iterator[tuple[Wiring, dict[Place, bytes], tuple[ReplicaId, ...]]]:
    """Every way in which one liar shows 0 to some and 1 to the rest, from every input of the others."""
    others = [me for me in range(size) if me != liar]
    for bits in itertools.product((0, 1), repeat=len(others)):
        inputs = {me: bytes([bit]) for me, bit in zip(others, bits, strict=True)}
        inputs |= {liar: b"\x00", size: b"\x01"}
        for count in range(size):
            for seeing in itertools.combinations(others, count):
                shown = frozenset((me, liar) for me in seeing) | {(size, me) for me in ()}
                yield Wiring(size, {liar: size}, shown), dict(sorted(inputs.items())), seeing
