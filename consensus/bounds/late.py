"""Asynchronous runs in which some are late: no bound says when they are waited for in vain.

Whoever is silent may have crashed, so n - f members have to decide without the rest; and may merely be
late, so what they decide has to fit what the rest holds. With n <= 2f two such groups have nobody in
common, with n <= 3f the groups that count for validity have not (see `model.bounds`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from consensus import agreements
from consensus.agreement import Opened, Propose
from consensus.bounds.witness import Witness, make_witness
from consensus.committee import Committee, ReplicaId
from consensus.events import Tag
from consensus.exploration.replaying import Replay
from consensus.exploration.table import Stop
from consensus.exploration.telling import tell_move
from consensus.message import compute_digest
from consensus.model.bounds import Assumptions, judge
from consensus.model.outcomes import Outcome

EVENTS_MAX = 2_000


def toss(me: ReplicaId, tag: Tag) -> int:
    """Coins as good as fair, and the same in every process."""
    return compute_digest(f"late/{me}/{tag}".encode())[0] & 1


@dataclass(slots=True)
class Late:
    """Members of one agreement; everything arrives in the order in which it was said, but for the late."""

    name: str
    size: int
    faults: int
    story: list[str] = field(default_factory=list)
    replay: Replay = field(init=False)

    def __post_init__(self) -> None:
        spec = agreements.get(self.name)
        self.replay = Replay(Committee.of(self.size, self.faults), spec.create, toss)

    def begin(self, inputs: Sequence[int]) -> None:
        """Everybody proposes."""
        self.story.append(f"inputs {' '.join(map(str, inputs))}")
        self.replay.begin([[Opened(), Propose(bytes([bit]))] for bit in inputs])

    def crash(self, members: Iterable[ReplicaId]) -> None:
        """These stop for good; what they said still arrives."""
        for me in members:
            self.story.append(f"{me} crashes")
            self.replay.play(Stop(me))

    def settle(self, among: Iterable[ReplicaId]) -> None:
        """What these say to each other arrives, oldest first, until all of them have decided."""
        names = frozenset(among)
        self.story.append(f"only {' '.join(map(str, sorted(names)))} hear each other")
        until = self.replay.events + EVENTS_MAX
        while self.replay.events < until and not names <= self.replay.words().keys():
            arriving = [
                sent.delivery
                for sent in self.replay.mail
                if sent.delivery.sender in names and sent.delivery.to in names
            ]
            if not arriving:
                break
            self.replay.play(arriving[0])
            if len(self.story) < TOLD_MAX:
                self.story.append(tell_move(arriving[0]))

    def make_witness(
        self,
        assumptions: Assumptions,
        inputs: Sequence[int],
        correct: Iterable[ReplicaId],
        *,
        uniform: bool = True,
    ) -> Witness:
        """What it came to."""
        outcome = Outcome(
            {me: bytes([bit]) for me, bit in enumerate(inputs)},
            self.replay.words(),
            frozenset(correct),
        )
        return make_witness(
            agreements.get(self.name).words,
            (self.size, self.faults),
            outcome,
            tuple(self.story),
            covered=judge(assumptions, self.size, self.faults).is_granted,
            validity=assumptions.validity,
            uniform=uniform,
        )


TOLD_MAX = 60
"""Deliveries that are told; the rest is more of the same."""


def find_first_words(name: str, groups: Sequence[Sequence[ReplicaId]], faults: int) -> int:
    """What X, with input 0, and Y, with input 1, decide while Z is late."""
    first, second, third = groups
    size = len(first) + len(second) + len(third)
    run = Late(name, size, faults)
    run.begin([int(me in second) for me in range(size)])
    run.settle([*first, *second])
    return max((word[0] for word in run.replay.words().values()), default=0)


def show_late_third(name: str, size: int, faults: int, assumptions: Assumptions) -> Witness:
    """X and Y decide without Z; then those crash who had proposed what was decided.

    With n <= 3f that can leave only members who all proposed the other value. Inside the bound the
    same is tried: X has f members, Z has f, and Y is the rest.
    """
    everybody = list(range(size))
    groups = everybody[:faults], everybody[faults : size - faults], everybody[size - faults :]
    word = find_first_words(name, groups, faults)
    failing = groups[0] if word == 0 or len(groups[1]) > faults else groups[1]
    lone = int(failing is groups[1])
    inputs = [lone if me in failing else 1 - lone for me in everybody]
    run = Late(name, size, faults)
    run.begin(inputs)
    run.settle([*groups[0], *groups[1]])
    run.crash(failing)
    correct = [me for me in everybody if me not in failing]
    run.settle(correct)
    return run.make_witness(assumptions, inputs, correct)


def show_silence(name: str, size: int, faults: int, assumptions: Assumptions) -> Witness:
    """The last f members never take a step; everything else arrives."""
    inputs = [me % 2 for me in range(size)]
    run = Late(name, size, faults)
    run.begin(inputs)
    silent = range(size - faults, size)
    run.crash(silent)
    correct = [me for me in range(size) if me not in silent]
    run.settle(correct)
    return run.make_witness(assumptions, inputs, correct)
