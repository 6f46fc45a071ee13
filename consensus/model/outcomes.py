"""What a run of an agreement came to, and which promises it kept: a judge that looks at no engine.

Who failed is known here, as it is to whoever made the run and to nobody inside it. Who lied has
decided nothing; who crashed may have decided before, which uniform agreement and the count of values
take into account.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from consensus.committee import ReplicaId
from consensus.model.validity import Validity

AGREEMENT, UNIFORM_AGREEMENT, TERMINATION = "agreement", "uniform-agreement", "termination"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Inputs and decisions of one run.

    `inputs` are those of everybody; what stands there for a liar is what it claims, if anything.
    `correct` are those who never failed. `liars` are left out of everything.
    """

    inputs: Mapping[ReplicaId, bytes]
    decisions: Mapping[ReplicaId, bytes]
    correct: frozenset[ReplicaId]
    liars: frozenset[ReplicaId] = field(default_factory=frozenset)

    @property
    def decided_by_correct(self) -> dict[ReplicaId, bytes]:
        """What those decided who never failed."""
        return {me: value for me, value in self.decisions.items() if me in self.correct}

    @property
    def values(self) -> frozenset[bytes]:
        """All that was decided, also by those who crashed afterwards."""
        return frozenset(v for me, v in self.decisions.items() if me not in self.liars)

    def agrees(self) -> bool:
        """Do no two of the correct differ."""
        return len(set(self.decided_by_correct.values())) <= 1

    def agrees_uniformly(self) -> bool:
        """Do no two differ of all that decided."""
        return len(self.values) <= 1

    def has_ended(self) -> bool:
        """Has every correct one decided."""
        return self.correct <= self.decisions.keys()

    def keeps(self, validity: Validity) -> bool:
        """Does every decision keep this level; V4 is about values, which nobody here can judge."""
        proposed = {v for me, v in self.inputs.items() if me not in self.liars}
        by_correct = {v for me, v in self.inputs.items() if me in self.correct}
        match validity:
            case Validity.UNANIMOUS_START:
                return bool(self.liars) or len(proposed) > 1 or self.values <= proposed
            case Validity.PROPOSED:
                return bool(self.liars) or self.values <= proposed
            case Validity.UNANIMOUS_CORRECT:
                decided = frozenset(self.decided_by_correct.values())
                return len(by_correct) > 1 or decided <= by_correct
            case Validity.PROPOSED_BY_CORRECT:
                return frozenset(self.decided_by_correct.values()) <= by_correct
            case Validity.EXTERNAL:
                return True

    def list_broken(self, validity: Validity, *, uniform: bool) -> tuple[str, ...]:
        """Names of the promises that this run broke, among agreement, validity and termination."""
        broken = []
        if not self.agrees():
            broken.append(AGREEMENT)
        elif uniform and not self.agrees_uniformly():
            broken.append(UNIFORM_AGREEMENT)
        if not self.keeps(validity):
            broken.append(f"validity {validity.value}")
        if not self.has_ended():
            broken.append(TERMINATION)
        return tuple(broken)


@dataclass(frozen=True, slots=True)
class Weak:
    """Weak consensus: at most `values` different decisions, at most `strays` correct ones off the commonest.

    (1, 0) is consensus, (k, n) is k-set agreement (Chaudhuri 1993).
    """

    values: int
    strays: int

    def holds(self, outcome: Outcome) -> bool:
        """Does a run keep to it, as far as it went."""
        return len(outcome.values) <= self.values and count_strays(outcome) <= self.strays


def count_strays(outcome: Outcome) -> int:
    """How many of the correct decided something else than what most of them did."""
    counts = Counter(outcome.decided_by_correct.values())
    return sum(counts.values()) - max(counts.values(), default=0)
