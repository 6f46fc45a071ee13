"""The hiding chain: f crashes carry a secret through f rounds, and only one ever learns it.

Participant 0 crashes in round 1 and reaches participant 1 alone, which crashes in round 2 and reaches
participant 2 alone, and so on. After f rounds participant f knows the input of 0, and nobody else does
(n >= f + 2; with n = f + 1 nobody else is left). One round more is a clean one, in which nobody crashes.
"""

import itertools

from consensus.bounds.culprit import judge, perform
from consensus.bounds.rounds import Create
from consensus.bounds.views import Crash, Execution
from consensus.model.outcomes import Outcome
from consensus.model.validity import Validity


def make_crashes(faults: int) -> tuple[Crash, ...]:
    """One crash a round, each a whisper to the next."""
    return tuple(Crash(me, me + 1, (me + 1,)) for me in range(faults))


def find_break(
    create: Create, size: int, faults: int, rounds: int
) -> tuple[Execution, Outcome, tuple[str, ...]] | None:
    """The first inputs with which the chain of f crashes breaks an algorithm of so many rounds, if any."""
    for inputs in itertools.product((0, 1), repeat=size):
        execution = Execution(inputs, make_crashes(faults))
        outcome = judge(execution, perform(execution, create, rounds))
        broken = outcome.list_broken(Validity.UNANIMOUS_START, uniform=True)
        if broken:
            return execution, outcome, broken
    return None
