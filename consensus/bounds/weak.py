"""Weak consensus: how many different decisions there have to be, when more than one may be.

Under synchrony k values take f // k + 1 rounds (Chaudhuri, Herlihy, Lynch and Tuttle 2000). In a round
less, k members crash in each round, every one with a secret of its own, and whisper it to one of the
next k: in the end k members hold a secret each, and nobody else does.

Without a clock f + 1 values can be kept to, and f cannot: that has a topological proof, which is cited
in `variants.k_set` and not shown. What is shown is a schedule that comes to f + 1, and a search through
all schedules that comes to no more.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from consensus import agreements, synchronous
from consensus.agreement import Opened, Propose
from consensus.bounds.benign import tell_crash
from consensus.bounds.rounds import Plan, run
from consensus.bounds.views import Crash
from consensus.bounds.witness import Witness, make_witness
from consensus.committee import Committee, ReplicaId
from consensus.exploration.asynchronous import Liberties, World
from consensus.exploration.explorer import explore
from consensus.exploration.replaying import Replay
from consensus.exploration.table import Table
from consensus.exploration.telling import tell_move
from consensus.model.outcomes import Outcome, Weak
from consensus.model.validity import Validity

FLOOD, SET = "flood-min-2", "k-set"
K = 2
CRASHES_MAX = 1
"""In the search through all schedules."""


def make_whispers(k: int, rounds: int) -> dict[ReplicaId, Crash]:
    """In each round k members crash, and each is still heard by one of the next k."""
    return {
        k * before + at: Crash(k * before + at, before + 1, (k * (before + 1) + at,))
        for before in range(rounds)
        for at in range(k)
    }


def make(
    name: str,
    configuration: tuple[int, int],
    decisions: Mapping[ReplicaId, bytes],
    correct: frozenset[ReplicaId],
    *,
    weak: Weak,
    story: tuple[str, ...],
    confirmed: bool = True,
) -> Witness:
    """A run that is judged by how many values were decided; member i has proposed i."""
    inputs = {me: bytes([me]) for me in range(configuration[0])}
    outcome = Outcome(inputs, decisions, correct)
    made = make_witness(
        f"{name}, at most {weak.values} values",
        configuration,
        outcome,
        story,
        covered=True,
        validity=Validity.PROPOSED,
        uniform=False,
        confirmed=confirmed,
    )
    kept = tuple(word for word in made.broken if word != "agreement")
    count = len(outcome.values)
    broken = () if weak.holds(outcome) else (f"k-set agreement, with {count} values",)
    return replace(made, broken=broken + kept)


def show_whispers(size: int, faults: int, rounds: int) -> Witness:
    """FloodMin for k values, of so many rounds, against whispers in f // k of them."""
    crashes = make_whispers(K, faults // K)
    create = synchronous.get(FLOOD).create
    made_for = K * (rounds - 1)
    inputs = {me: bytes([me]) for me in range(size)}
    ran = run(Plan(Committee.of(size, made_for), create, inputs, crashes))
    correct = frozenset(range(size)) - crashes.keys()
    story = tuple(map(tell_crash, crashes.values()))
    words = f"FloodMin of {rounds} round{'s' * (rounds > 1)}"
    found = make(words, (size, faults), ran.decisions, correct, weak=Weak(K, size), story=story)
    return replace(found, covered=rounds > faults // K)


def show_scattered(size: int, faults: int, values_max: int) -> Witness:
    """Member i hears the n - f members from the i-th on, so each of the f + 1 least inputs is decided."""
    committee, spec = Committee.of(size, faults), agreements.get(SET)
    replay = Replay(committee, spec.create)
    replay.begin([[Opened(), Propose(bytes([me]))] for me in range(size)])
    story = []
    for me in range(size):
        first = min(me, faults)
        for sender in range(first, first + size - faults):
            mail = [sent.delivery for sent in replay.mail]
            for delivery in [one for one in mail if (one.sender, one.to) == (sender, me)]:
                replay.play(delivery)
                story.append(tell_move(delivery))
    found = make(
        SET,
        (size, faults),
        replay.words(),
        frozenset(range(size)),
        weak=Weak(values_max, size),
        story=(*story, "confirmed by a search through all schedules"),
        confirmed=count_most(committee) == faults + 1,
    )
    return replace(found, covered=values_max > faults)


def count_most(committee: Committee) -> int:
    """The most values that any schedule comes to, with a crash anywhere."""
    spec = agreements.get(SET)
    world = World(Table(committee), Liberties(CRASHES_MAX, timers=False), spec.is_stale)
    openings = [[Opened(), Propose(bytes([me]))] for me in committee.members]
    start = world.begin([spec.create(me, committee) for me in committee.members], openings)
    seen = explore(world, [start], lambda _configuration: None)
    assert seen.is_closed
    return max(
        len({value for words in world.words(one) for _, said in words for value in said})
        for one in seen.configurations
    )
