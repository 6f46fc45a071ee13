"""The arguments, one after the other: what is shown in each, as jobs that may run in any process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from consensus import synchronous
from consensus.bounds import benign, hiding, late, partition, simulated, theorem, weak
from consensus.bounds.culprit import check_chain, find_culprit
from consensus.bounds.hexagon import (
    BLOCKS,
    Ring,
    extract,
    list_pairs,
    run_ring,
    tell_corner,
)
from consensus.bounds.lying import count_rounds
from consensus.bounds.reports import (
    CellShown,
    ChainFound,
    Corner,
    Culprit,
    Finding,
    Hexagon,
    Hiding,
    Named,
    Replayed,
)
from consensus.bounds.similarity import Chain, search
from consensus.bounds.witness import name_value, name_values
from consensus.model.faults import FaultKind
from consensus.model.timing import Timing
from consensus.model.validity import Agreement, Validity

PARTITION, HEXAGON, ROUNDS = "partition", "hexagon", "rounds"
ASYNCHRONOUS, WEAK, THEOREM = "asynchronous", "weak", "theorem"
ARGUMENTS: dict[str, str] = {
    PARTITION: "three groups: PBFT at n <= 3f, three ways, and the control",
    HEXAGON: "two copies in a ring: no unsigned agreement at n = 3f, and the control",
    ROUNDS: "f rounds are too few: the hiding chain, and the chain of similar executions",
    ASYNCHRONOUS: "who is late may have crashed: n <= 2f, and n <= 3f with liars or validity V2",
    WEAK: "several values: k take f // k + 1 rounds, and without a clock f + 1 values are the least",
    THEOREM: "theorem 2.1, mended: each cell with a run inside the bound and one outside",
}
"""Name -> what it shows."""
HEXAGONS = (("phase-king", 1), ("gathering", 1), ("phase-king", 2), ("dolev-strong", 1))
HIDINGS = ((3, 1), (4, 2), (5, 3))
HIDDEN_FROM = "flood-set"
CHAINS = ((3, 1, 1), (3, 1, 2), (4, 1, 1), (4, 2, 2))
"""n, f, rounds."""
ALGORITHMS = ("flood-set", "flood-set-min", "early", "majority", "flood-min")
"""Whom the chains are tried on."""


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to show."""

    argument: str
    make: Callable[[], Finding]


def list_jobs(arguments: Sequence[str], algorithms: Sequence[str]) -> list[Job]:
    """All that is to be shown, in order."""
    jobs: dict[str, list[Callable[[], Finding]]] = {
        PARTITION: [partial(show_partition, title) for title in partition.list_scripts()],
        HEXAGON: [partial(show_hexagon, *each) for each in HEXAGONS],
        ROUNDS: [
            *(
                partial(show_hiding, HIDDEN_FROM, size, faults, rounds)
                for size, faults in HIDINGS
                for rounds in (faults, faults + 1)
            ),
            *(partial(show_chain, *each, tuple(algorithms)) for each in CHAINS),
        ],
        ASYNCHRONOUS: [partial(show_late, title) for title in LATE],
        WEAK: [partial(show_weak, title) for title in WEAKER],
        THEOREM: [partial(show_cell, number) for number in range(len(theorem.STATEMENTS))],
    }
    return [Job(name, make) for name in arguments for make in jobs[name]]


def show_partition(title: str) -> Named:
    """One way of the three-group partition attack."""
    script = partition.list_scripts()[title]
    return Named(title, simulated.witness(script), partition.GROUPS.get(title, ()))


def show_hexagon(algorithm: str, faults: int) -> Hexagon:
    """The ring, and each of its pairs in a genuine run."""
    spec, ring = synchronous.get(algorithm), Ring(faults)
    rounds = count_rounds(algorithm, ring.size, faults)
    ran = run_ring(spec.create, faults)
    replays = [extract(spec.create, faults, ran, pair) for pair in list_pairs()]
    return Hexagon(
        algorithm,
        ring.size,
        faults,
        rounds,
        spec.is_signed,
        tuple(
            Corner(
                tell_corner(corner),
                str(corner // BLOCKS),
                tuple(name_value(ran.decisions[at]) for at in ring.members(corner)),
            )
            for corner in range(2 * BLOCKS)
        ),
        tuple(
            Replayed(
                (tell_corner(one.pair[0]), tell_corner(one.pair[1])),
                one.liars,
                name_values(one.outcome.inputs),
                name_values(one.outcome.decisions),
                one.broken,
                one.is_same,
                one.forged,
            )
            for one in replays
        ),
    )


def show_hiding(algorithm: str, size: int, faults: int, rounds: int) -> Hiding:
    """F crashes against an algorithm of so many rounds."""
    spec = synchronous.get(algorithm)
    found = hiding.find_break(spec.create, size, faults, rounds)
    crashes = tuple(map(benign.tell_crash, hiding.make_crashes(faults)))
    if found is None:
        return Hiding(algorithm, size, faults, rounds, (), crashes, {}, ())
    execution, outcome, broken = found
    decisions = name_values(outcome.decisions)
    return Hiding(algorithm, size, faults, rounds, execution.inputs, crashes, decisions, broken)


def show_chain(size: int, faults: int, rounds: int, algorithms: Sequence[str]) -> ChainFound:
    """The search, the check of what was found, and whom it catches."""
    found = search(size, faults, rounds)
    chain = found.chain or Chain((), ())
    culprits = []
    if found.chain is not None:
        check_chain(found.chain, faults, rounds)
        culprits = [catch(name, found.chain, rounds) for name in algorithms]
    return ChainFound(
        size,
        faults,
        rounds,
        found.executions,
        found.views,
        found.reached,
        chain.executions,
        chain.links,
        tuple(culprits),
    )


def catch(algorithm: str, chain: Chain, rounds: int) -> Culprit:
    """Where an algorithm breaks along a chain."""
    spec = synchronous.get(algorithm)
    number, outcome, broken = find_culprit(chain, spec.create, rounds)
    return Culprit(algorithm, number, name_values(outcome.decisions), broken)


def show_late(title: str) -> Named:
    """One asynchronous case."""
    return Named(title, LATE[title]())


def show_weak(title: str) -> Named:
    """One case of weak consensus."""
    return Named(title, WEAKER[title]())


def show_cell(number: int) -> CellShown:
    """One cell of the table."""
    return CellShown(theorem.make_cell(number))


def check_algorithm(name: str) -> bool:
    """Can a chain be tried on it: for crashes, and f + 1 rounds. Raises `UnknownEngineError`."""
    spec = synchronous.get(name)
    is_long_enough = all(count_rounds(name, 5, faults) == faults + 1 for faults in (1, 2))
    return spec.is_sound and spec.fault_kind is FaultKind.CRASH and is_long_enough


_V1 = theorem.assume(FaultKind.CRASH, Timing.PARTIALLY_SYNCHRONOUS, Validity.PROPOSED)
_RANDOM = theorem.assume(
    FaultKind.CRASH, Timing.ASYNCHRONOUS, Validity.PROPOSED, is_randomised=True
)
_V2 = theorem.assume(
    FaultKind.CRASH, Timing.ASYNCHRONOUS, Validity.UNANIMOUS_CORRECT, is_randomised=True
)
_LIES = theorem.assume(
    FaultKind.BYZANTINE,
    Timing.ASYNCHRONOUS,
    Validity.UNANIMOUS_CORRECT,
    agreement=Agreement.CORRECT,
    is_randomised=True,
)
LATE = {
    "n = 2f, quorums of n - f": partial(simulated.show_halves, _V1),
    "n = 2f, quorums that meet": partial(simulated.show_stuck, _V1),
    "n = 2f, coins": partial(late.show_silence, "benor", 4, 2, _RANDOM),
    "n > 2f, one of three crashes": partial(simulated.show_majority_left, _V1),
    "n > 2f, coins": partial(late.show_silence, "benor", 5, 2, _RANDOM),
    "n = 3f, validity V2": partial(late.show_late_third, "adopting", 3, 1, _V2),
    "n = 3f, validity V2, two may fail": partial(late.show_late_third, "adopting", 6, 2, _V2),
    "n > 3f, validity V2": partial(late.show_late_third, "adopting", 4, 1, _V2),
    "n = 3f, two faces, quorums of n - f": partial(late.show_two_faces, "benor", 3, 1, _LIES),
    "n = 3f, two faces, quorums that meet": partial(late.show_two_faces, "mmr", 3, 1, _LIES),
    "n > 3f, two faces": partial(late.show_two_faces, "mmr", 4, 1, _LIES),
    "n = 5f, Ben-Or's protocol B": partial(late.show_diluted, "benor-byz", 5, _LIES),
    "n > 5f, Ben-Or's protocol B": partial(late.show_diluted, "benor-byz", 6, _LIES),
}
"""Title -> the run."""
WEAKER = {
    "k = 2, f // k rounds": partial(weak.show_whispers, 7, 4, 2),
    "k = 2, f // k + 1 rounds": partial(weak.show_whispers, 7, 4, 3),
    "no clock, f values": partial(weak.show_scattered, 4, 2, 2),
    "no clock, f + 1 values": partial(weak.show_scattered, 4, 2, 3),
}
"""Title -> the run."""
