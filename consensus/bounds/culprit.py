"""A given algorithm is run along a chain of similar executions, until it is caught.

At every link somebody hears the same in both executions, so it decides the same in both: that is looked
at, message by message, and not taken for granted. Then the algorithm must break something somewhere:
validity or termination at an end, or agreement between; the first execution in which it does is the
culprit.
"""

from consensus.bounds import everything
from consensus.bounds.rounds import Create, Plan, Run, run
from consensus.bounds.similarity import Chain
from consensus.bounds.views import Execution
from consensus.committee import Committee, ReplicaId
from consensus.errors import ConsensusError
from consensus.model.outcomes import Outcome
from consensus.model.validity import Validity


class ChainError(ConsensusError):
    """A chain is not what the search said, or an algorithm is not deterministic."""

    reason = "chain-diverged"


def perform(execution: Execution, create: Create, rounds: int) -> Run:
    """Real participants in this execution; those that take one round more than they stand crashes.

    So an algorithm of f rounds is one that is made for f - 1 crashes.
    """
    inputs = {me: bytes([bit]) for me, bit in enumerate(execution.inputs)}
    crashes = {crash.by: crash for crash in execution.crashes}
    return run(Plan(Committee.of(len(inputs), rounds - 1), create, inputs, crashes))


def judge(execution: Execution, ran: Run) -> Outcome:
    """What it came to."""
    inputs = {me: bytes([bit]) for me, bit in enumerate(execution.inputs)}
    return Outcome(inputs, ran.decisions, frozenset(execution.correct))


def find_culprit(chain: Chain, create: Create, rounds: int) -> tuple[int, Outcome, tuple[str, ...]]:
    """The number of the first execution in which something breaks, and what.

    Raises `ChainError` if somebody who joins two executions hears or decides differently in them, or
    if nothing breaks.
    """
    found = None
    runs = [perform(execution, create, rounds) for execution in chain.executions]
    for number, link in enumerate(chain.links):
        check_link(link, runs[number], runs[number + 1])
    for number, (execution, ran) in enumerate(zip(chain.executions, runs, strict=True)):
        outcome = judge(execution, ran)
        broken = outcome.list_broken(Validity.UNANIMOUS_START, uniform=False)
        if broken and found is None:
            found = (number, outcome, broken)
    if found is None:
        raise ChainError("the algorithm keeps all promises along the whole chain")
    return found


def check_link(link: ReplicaId, one: Run, other: Run) -> None:
    """Raise `ChainError` unless this participant heard and decided the same in both runs."""
    if list_heard(one, link) != list_heard(other, link):
        raise ChainError(f"participant {link} hears different things in similar executions")
    if one.decisions.get(link) != other.decisions.get(link):
        raise ChainError(f"participant {link} hears the same and decides differently")


def list_heard(ran: Run, me: ReplicaId) -> list[tuple[int, int, str]]:
    """All that somebody heard, in an order that no link has a say in."""
    return sorted((one.round, one.sender, repr(one.message)) for one in ran.standing[me].heard)


def check_chain(chain: Chain, faults: int, rounds: int) -> None:
    """Look at a chain with real participants that say all they know: is every link what it claims.

    Raises `ChainError`. Shares nothing with the search but the executions themselves.
    """
    size = len(chain.executions[0].inputs)
    ends = (Execution((0,) * size), Execution((1,) * size))
    if (chain.executions[0], chain.executions[-1]) != ends:
        raise ChainError("a chain runs from the failure-free all-0 to the failure-free all-1")
    runs = [perform(execution, everything.create, rounds) for execution in chain.executions]
    for number, link in enumerate(chain.links):
        one, other = chain.executions[number], chain.executions[number + 1]
        if link not in one.correct or link not in other.correct:
            raise ChainError(f"participant {link} is not correct in both executions")
        if max(len(one.crashes), len(other.crashes)) > faults:
            raise ChainError(f"more than {faults} participants crash")
        views = [ran.standing[link].inner.view for ran in runs[number : number + 2]]
        if views[0] != views[1]:
            raise ChainError(f"participant {link} tells execution {number} from the next")
