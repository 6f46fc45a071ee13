"""Making a failing schedule small: fewer actions, a shorter run, the same broken promise.

Delta debugging (Zeller and Hildebrandt 2002) over the actions: runs of them are left out, long runs
first, as long as the same property is still broken; then each command is tried in simpler forms.
Draws for links and liars come from streams of their own, so that what is left behaves much as before.
"""

import re
from collections.abc import Callable, Iterator

import msgspec

from consensus.simulation.schedule import Action, Played, Schedule, Violation, play_schedule

ATTEMPTS_MAX = 2_000
Progress = Callable[[int, int], None]
"""(attempts so far, actions left)."""
Play = Callable[[Schedule], Played]
"""Plays a schedule on what it orders, afresh each time."""


class Shrunk(msgspec.Struct, frozen=True):
    """The smallest schedule found, what it breaks, and how many runs it took."""

    schedule: Schedule
    violation: Violation
    digest: str
    attempts: int


def shrink(
    schedule: Schedule,
    property_name: str,
    *,
    play: Play = play_schedule,
    attempts_max: int = ATTEMPTS_MAX,
    progress: Progress | None = None,
) -> Shrunk | None:
    """The smallest schedule that still breaks the property; None if this one does not."""
    search = Search(schedule, property_name, play, attempts_max, progress)
    if not search.breaks(schedule):
        return None
    search.cut_tail()
    while search.leave_out() or search.simplify():
        pass
    assert search.violation is not None
    return Shrunk(search.best, search.violation, search.digest, search.attempts)


class Search:
    """The best schedule so far, and how it was found."""

    def __init__(
        self,
        schedule: Schedule,
        property_name: str,
        play: Play,
        attempts_max: int,
        progress: Progress | None,
    ) -> None:
        self.best = schedule
        self.property_name = property_name
        self.play = play
        self.attempts_max = attempts_max
        self.progress = progress
        self.violation: Violation | None = None
        self.digest = ""
        self.attempts = 0

    def breaks(self, schedule: Schedule) -> bool:
        """Does it break the same property; then it is the best from here on."""
        if self.attempts >= self.attempts_max:
            return False
        self.attempts += 1
        played = self.play(schedule)
        violation = played.violation
        if violation is None or violation.property != self.property_name:
            return False
        self.best, self.violation = schedule, violation
        self.digest = played.cluster.digest()
        if self.progress is not None:
            self.progress(self.attempts, len(schedule.actions))
        return True

    def is_better(self, actions: tuple[Action, ...]) -> bool:
        """Does the run still fail with these actions."""
        return self.breaks(msgspec.structs.replace(self.best, actions=actions))

    def cut_tail(self) -> None:
        """Nothing after the failure matters; `demand` begins before it is over."""
        assert self.violation is not None
        self.is_better(tuple(a for a in self.best.actions if a[0] <= self.violation.at_ms))

    def leave_out(self) -> bool:
        """Leave out runs of actions, halving their length; was anything left out."""
        before = len(self.best.actions)
        length = max(before // 2, 1)
        while length:
            at = 0
            while at < len(self.best.actions):
                actions = self.best.actions
                if not self.is_better(actions[:at] + actions[at + length :]):
                    at += length
            length //= 2
        return len(self.best.actions) < before

    def simplify(self) -> bool:
        """Try each command in simpler forms; was any accepted."""
        for at, (at_ms, command) in enumerate(self.best.actions):
            for simpler in simplify_command(command):
                actions = self.best.actions
                if self.is_better((*actions[:at], (at_ms, simpler), *actions[at + 1 :])):
                    return True
        return False


def simplify_command(command: str) -> Iterator[str]:
    """The same command with less in it."""
    without = re.sub(r" (loss|twice|tail|check|apply|sync|drift|skew)=-?[1-9]\d*", "", command)
    if without != command:
        yield without
    if command.startswith("load ") and command not in {"load 0", "load 1", "load 2"}:
        yield "load 2"
    if command.startswith("censor "):
        words = command.split()
        if len(words) > 3:
            yield " ".join(words[: 2 + (len(words) - 2) // 2])
    if command.startswith("behave ") and " traitor" in command:
        place = command.split()[1]
        for name in ("silent", "two-faced", "mutant"):
            yield f"behave {place} {name}"
