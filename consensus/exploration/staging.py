"""The adversary of the theorem, stage by stage: everybody is served in turn, and nobody ever decides.

At each stage the participant at the head of a queue gets its oldest message, after so few other events
(lemma 3 says that some do) that both words stay open; then it goes to the end of the queue. So every
participant steps for ever and every message arrives: the run is fair, whatever it looks like. The
adversary is a function of the configuration, the age of the mail and the queue, so once these come
back, it has a loop.
"""

from collections import deque
from dataclasses import dataclass, field

from consensus.exploration.asynchronous import Configuration
from consensus.exploration.lemma import Lasso
from consensus.exploration.oracle import Oracle, Way, find_delay
from consensus.exploration.table import MoveId


@dataclass(slots=True)
class Walk:
    """What the adversary has done."""

    start: Configuration
    stages: list[Way] = field(default_factory=list)
    """The moves of each; none where the participant had no mail."""
    repeats: int | None = None
    """The stage whose beginning is like the end, if any is."""
    is_stuck: bool = False
    """Was there a stage without a schedule: the lemma would be wrong, or the space too small."""

    @property
    def moves(self) -> Way:
        """All of them."""
        return tuple(move for stage in self.stages for move in stage)

    @property
    def lasso(self) -> Lasso | None:
        """The loop that it came to."""
        if self.repeats is None:
            return None
        prefix = tuple(move for stage in self.stages[: self.repeats] for move in stage)
        loop = tuple(move for stage in self.stages[self.repeats :] for move in stage)
        return Lasso(prefix, loop)


@dataclass(slots=True)
class Staging:
    """The adversary in the midst of it."""

    oracle: Oracle
    configuration: Configuration
    mail: list[MoveId] = field(default_factory=list)
    """Oldest first."""
    queue: deque[int] = field(default_factory=deque)

    def __post_init__(self) -> None:
        size = self.oracle.space.world.size
        self.mail = list(self.configuration[size:])
        self.queue.extend(range(size))

    def play(self) -> Way | None:
        """One stage; None if there is no schedule that leaves both words open."""
        place = self.queue[0]
        self.queue.rotate(-1)
        world = self.oracle.space.world
        event = next((move for move in self.mail if world.place(move) == place), None)
        if event is None:
            return ()
        delay = find_delay(self.oracle, self.configuration, event)
        if delay is None:
            return None
        for move, by in delay.way:
            self.follow(move, by)
        return delay.way

    def follow(self, move: MoveId, by: int) -> None:
        """Take one step; what is new in the mail is youngest."""
        steps = self.oracle.steps(self.configuration)
        self.configuration = next(to for taken, to, _ in steps if taken == move)
        space = self.oracle.space
        self.mail.remove(move)
        left = list(self.configuration[space.world.size :])
        kept = []
        for one in self.mail:
            lowered = space.lower_move(one, by) if by else one
            if lowered in left:
                left.remove(lowered)
                kept.append(lowered)
        self.mail = [*kept, *left]


def walk(oracle: Oracle, start: Configuration, stages_max: int) -> Walk:
    """Until everything comes back, or for so many stages."""
    found, staging = Walk(start), Staging(oracle, start)
    known: dict[tuple[Configuration, tuple[MoveId, ...], tuple[int, ...]], int] = {}
    for number in range(stages_max):
        key = (staging.configuration, tuple(staging.mail), tuple(staging.queue))
        if (before := known.setdefault(key, number)) < number:
            found.repeats = before
            break
        way = staging.play()
        if way is None:
            found.is_stuck = True
            break
        found.stages.append(way)
    return found
