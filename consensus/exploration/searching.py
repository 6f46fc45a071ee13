"""A search for what breaks a property on a lasting network, with reductions that can be switched off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from consensus.exploration.cast import Cast
from consensus.exploration.explorer import Exploration, explore
from consensus.exploration.fused import Fused
from consensus.exploration.judging import Judge, do_clash
from consensus.exploration.lasting import Configuration, Lasting
from consensus.exploration.lasting_replay import replay
from consensus.exploration.replaying import ReplayError
from consensus.exploration.shrinking import shrink
from consensus.exploration.steps import Move, Steps
from consensus.exploration.symmetry import Symmetric


@dataclass(slots=True)
class Search:
    """What is searched, and how."""

    cast: Cast
    fuses: bool = True
    """Are silent events left out."""
    is_symmetric: bool = True
    proposed: frozenset[bytes] | None = None
    values_max: int = 1
    steps: Steps = field(init=False)
    plain: Lasting = field(init=False)
    space: Lasting | Symmetric = field(init=False)
    judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self.steps = Steps(self.cast)
        self.plain = Fused(self.steps) if self.fuses else Lasting(self.steps)
        self.space = self.plain
        if self.is_symmetric and self.cast.permutations:
            self.space = Symmetric(self.plain, self.cast.permutations)
        self.judge = Judge(self.plain, self.proposed, self.values_max)

    def run(
        self,
        *,
        configurations_max: int,
        depth_max: int | None = None,
        depth_first: bool = False,
        on_progress: Callable[[Exploration], None] | None = None,
        may_go_on: Callable[[Exploration], bool] | None = None,
    ) -> Exploration:
        """Go through it; symmetries that were believed are checked at the end."""
        seen = explore(
            self.space,
            [self.space.begin()],
            self.judge,
            configurations_max=configurations_max,
            depth_max=depth_max,
            depth_first=depth_first,
            on_progress=on_progress,
            may_go_on=may_go_on,
        )
        if isinstance(self.space, Symmetric):
            self.space.check()
            for image in self.space.images:
                self.judge.decided |= {image.words.get(word, word) for word in self.judge.decided}
        return seen

    @property
    def images(self) -> int:
        """So many configurations may be one."""
        return len(self.space.images) + 1 if isinstance(self.space, Symmetric) else 1

    def schedule(self, seen: Exploration) -> list[Move]:
        """The events that lead to the violation, silent ones included, needless ones not."""
        assert seen.violation is not None
        number, broken = seen.violation
        configuration, moves = self.follow(seen, number)
        found = [self.steps.move(move) for move in [*moves, *self.finish(configuration)]]
        return shrink(found, lambda fewer: self.find_broken(fewer) == broken)

    def find_broken(self, schedule: Sequence[Move]) -> str | None:
        """What a schedule breaks on fresh participants; nothing if it cannot be played."""
        try:
            words = replay(self.cast, schedule).words()
        except ReplayError:
            return None
        honest = [at for at, seat in enumerate(self.cast.seats) if not seat.is_liar]
        said = tuple(frozenset([words.get(place, ())]) for place in honest)
        return Judge(self.plain, self.proposed, self.values_max).judge(said)

    def follow(self, seen: Exploration, number: int) -> tuple[Configuration, list[int]]:
        """A run without symmetries to a configuration that stands for the one with this number."""
        configuration, moves = self.plain.begin(), self.plain.unfold_begin()
        for wanted in seen.list_ancestors(number)[1:]:
            for move, following in self.plain.successors(configuration):
                if self.find_least(following) == seen.configurations[wanted]:
                    moves += self.plain.unfold(configuration, move)
                    configuration = following
                    break
            else:
                raise AssertionError("a step has no image")
        return configuration, moves

    def find_least(self, configuration: Configuration) -> Configuration:
        """What stands for it."""
        if isinstance(self.space, Symmetric):
            return self.space.find_least(configuration)
        return configuration

    def finish(self, configuration: Configuration) -> list[int]:
        """The silent events after which the words that clash have been said."""
        if not isinstance(self.plain, Fused):
            return []
        moves: list[int] = []
        said = self.plain.words(configuration)
        honest = [at for at, seat in enumerate(self.cast.seats) if not seat.is_liar]
        for one in honest:
            for other in honest:
                for a in sorted(said[one]):
                    for b in sorted(said[other]):
                        if one < other and do_clash(a, b):
                            moves += self.plain.trace_words(configuration, one, a)
                            moves += self.plain.trace_words(configuration, other, b)
                            return moves
        for one in honest:
            longest = max(sorted(said[one]), key=len)
            moves += self.plain.trace_words(configuration, one, longest)
        return moves
