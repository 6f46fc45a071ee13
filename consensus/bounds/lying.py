"""Synchronous runs with members that lie, with and without signatures."""

from consensus import synchronous
from consensus.bounds.hexagon import extract, list_pairs, run_ring, tell_corner
from consensus.bounds.liars import Wiring, list_two_faced, run_wired
from consensus.bounds.witness import Witness, make_witness
from consensus.committee import Committee
from consensus.model.bounds import Assumptions, judge
from consensus.model.outcomes import Outcome


def count_rounds(name: str, size: int, faults: int) -> int:
    """How many rounds an agreement takes that is made for f liars of n."""
    participant = synchronous.get(name).create(0, Committee.of(size, faults), b"")
    return participant.rounds


def make(
    name: str,
    assumes: Assumptions,
    made_for: int,
    outcome: Outcome,
    story: tuple[str, ...],
    *,
    confirmed: bool = True,
) -> Witness:
    """A witness; covered if no more lie than it was made for."""
    liars = len(outcome.liars)
    size = liars + len(outcome.correct)
    return make_witness(
        f"{synchronous.get(name).words}, made for {made_for} liars",
        (size, liars),
        outcome,
        story,
        covered=judge(assumes, size, liars).is_granted and liars <= made_for,
        validity=assumes.validity,
        uniform=False,
        confirmed=confirmed,
    )


def tell_faces(seeing: tuple[tuple[int, ...], ...]) -> tuple[str, ...]:
    """Which liar shows what to whom."""
    return tuple(
        f"{liar} shows 1 to {' '.join(map(str, some)) or 'nobody'}, and 0 to the rest"
        for liar, some in enumerate(seeing)
    )


def show_two_faces_stood(name: str, size: int, faults: int, assumes: Assumptions) -> Witness:
    """F liars in league show different inputs to different members; whatever they try, all holds."""
    create = synchronous.get(name).create
    shown, tried, broken = None, 0, 0
    for attempt in list_two_faced(size, range(faults)):
        _, outcome = run_wired(attempt.wiring, create, faults, attempt.inputs)
        tried += 1
        broken += bool(outcome.list_broken(assumes.validity, uniform=False))
        if shown is None and attempt.divides:
            shown = attempt, outcome
    assert shown is not None
    story = (*tell_faces(shown[0].seeing), f"confirmed for {tried} ways to show two faces")
    return make(name, assumes, faults, shown[1], story, confirmed=not broken)


def show_hexagon(name: str, faults: int, assumes: Assumptions) -> Witness:
    """The first broken pair of the ring, as a genuine run of 3f."""
    create = synchronous.get(name).create
    ran = run_ring(create, faults)
    replays = (extract(create, faults, ran, pair) for pair in list_pairs())
    found = next(one for one in replays if one.broken)
    pair = " and ".join(map(tell_corner, found.pair))
    story = (
        f"{pair} of the hexagon",
        f"the puppet {' '.join(map(str, found.liars))} says to each what the ring said to it",
    )
    return make(name, assumes, faults, found.outcome, story, confirmed=found.is_same)


def show_one_liar_too_many(assumes: Assumptions) -> Witness:
    """A broadcast made for one liar meets two: the other word comes out in the last round, to one alone."""
    name, size, made_for = "signed-broadcast", 4, 1
    origin, accomplice, listener = 0, 1, 2
    second = {origin: size, accomplice: size + 1}
    shown = {(size, accomplice), (size + 1, origin), (listener, accomplice)}
    inputs = dict.fromkeys(range(size), b"\x00") | {size: b"\x01", size + 1: b"\x00"}
    wiring = Wiring(size, second, frozenset(shown))
    _, outcome = run_wired(wiring, synchronous.get(name).create, made_for, inputs)
    story = (
        "0 broadcasts 0, and signs 1 for its accomplice alone",
        "1 signs that too, and shows it to 2 in the last round",
    )
    return make(name, assumes, made_for, outcome, story)


def show_as_many_liars(assumes: Assumptions) -> Witness:
    """N = 2f: liars who just propose something else are as many as the others, and a tie goes to them."""
    name, size, faults = "dolev-strong", 2, 1
    wiring = Wiring(size, {1: size}, frozenset())
    inputs = {0: b"\x01", 1: b"\x00", size: b"\x00"}
    _, outcome = run_wired(wiring, synchronous.get(name).create, faults, inputs)
    return make(name, assumes, faults, outcome, ("0 proposes 1", "1, the liar, proposes 0"))
