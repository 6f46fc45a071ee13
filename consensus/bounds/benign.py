"""Synchronous runs with members that crash, or lose what they say and hear, and do not lie."""

import itertools
from collections.abc import Iterable

from consensus import synchronous
from consensus.bounds import hiding
from consensus.bounds.culprit import judge as judge_run
from consensus.bounds.culprit import perform
from consensus.bounds.rounds import Plan, run
from consensus.bounds.views import Crash, Execution
from consensus.bounds.witness import Witness, make_witness
from consensus.committee import Committee
from consensus.exploration.crash_patterns import Demands, survey
from consensus.model.bounds import Assumptions, judge
from consensus.model.outcomes import Outcome

NAME = "flood-set"
BITS = (b"\x00", b"\x01")


def make(
    assumes: Assumptions,
    made_for: int,
    outcome: Outcome,
    story: Iterable[str],
    *,
    confirmed: bool = True,
) -> Witness:
    """The witness of a run of FloodSet; covered if no more failed than it was made for."""
    size = len(outcome.inputs)
    failed = size - len(outcome.correct)
    return make_witness(
        f"{synchronous.get(NAME).words}, made for {made_for} crashes",
        (size, failed),
        outcome,
        tuple(story),
        covered=judge(assumes, size, failed).is_granted and failed <= made_for,
        validity=assumes.validity,
        uniform=True,
        confirmed=confirmed,
    )


def tell_crash(crash: Crash) -> str:
    """One crash in words."""
    reached = " ".join(map(str, crash.reached)) or "nobody"
    return f"{crash.by} crashes in round {crash.round}, reaching {reached}"


def tell_execution(execution: Execution) -> tuple[str, ...]:
    """Inputs and crashes."""
    inputs = f"inputs {' '.join(map(str, execution.inputs))}"
    return (inputs, *map(tell_crash, execution.crashes))


def holds_everywhere(size: int, faults: int, *, correct_validity: bool) -> bool:
    """Does an exhaustive search over inputs and crashes find nothing either."""
    demands = Demands(correct_validity=correct_validity)
    committee = Committee.of(size, faults)
    return survey(synchronous.get(NAME).create, committee, BITS, demands).breach is None


def show_hiding_stood(assumes: Assumptions) -> Witness:
    """Two of three crash in a hiding chain, and f + 1 rounds are enough; so are they for all patterns."""
    execution = Execution((0, 1, 1), hiding.make_crashes(2))
    outcome = judge_run(execution, perform(execution, synchronous.get(NAME).create, 3))
    return make(
        assumes,
        2,
        outcome,
        (*tell_execution(execution), "confirmed for all inputs and crash patterns"),
        confirmed=holds_everywhere(3, 2, correct_validity=False),
    )


def show_one_crash_too_many(assumes: Assumptions) -> Witness:
    """Made for one crash, it meets two."""
    found = hiding.find_break(synchronous.get(NAME).create, 4, 2, 2)
    assert found is not None
    execution, outcome, _ = found
    return make(assumes, 1, outcome, tell_execution(execution))


def show_correct_heard(assumes: Assumptions) -> Witness:
    """Who crashes proposed something else, and is outnumbered; so it is for all patterns."""
    execution = Execution((0, 1, 1), (Crash(0, 1, (1,)),))
    outcome = judge_run(execution, perform(execution, synchronous.get(NAME).create, 2))
    return make(
        assumes,
        1,
        outcome,
        (*tell_execution(execution), "confirmed for all inputs and crash patterns"),
        confirmed=holds_everywhere(3, 1, correct_validity=True),
    )


def show_proposers_crash(assumes: Assumptions) -> Witness:
    """N = 2f: half propose 0, half 1; whatever is decided, those who proposed it crash afterwards."""
    size, faults = 4, 2
    inputs = {me: bytes([me // faults]) for me in range(size)}
    ran = run(Plan(Committee.of(size, faults), synchronous.get(NAME).create, inputs))
    word = ran.decisions[0]
    correct = frozenset(me for me in inputs if inputs[me] != word)
    crashing = " and ".join(str(me) for me in inputs if me not in correct)
    outcome = Outcome(inputs, ran.decisions, correct)
    story = ("inputs 0 0 1 1", f"all decide {word[0]}", f"{crashing} crash afterwards")
    return make(assumes, faults, outcome, story)


def show_cut_off(assumes: Assumptions) -> Witness:
    """N = 2f: f members lose all that they say and hear, and decide among themselves."""
    size, faults = 2, 1
    inputs = {0: b"\x00", 1: b"\x01"}
    cut = frozenset(itertools.permutations(range(size), 2))
    plan = Plan(Committee.of(size, faults), synchronous.get(NAME).create, inputs, cut=cut)
    ran = run(plan)
    outcome = Outcome(inputs, ran.decisions, frozenset({0}))
    return make(assumes, faults, outcome, ("inputs 0 1", "1 omits to send and to receive"))
