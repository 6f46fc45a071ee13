"""The smallest failing schedule of a run, as two files: for a machine, and for people."""

from dataclasses import dataclass
from pathlib import Path

from consensus.simulation.scenario import play as play_scenario
from consensus.simulation.schedule import Schedule, store, tell_scenario
from consensus.simulation.shrink import Progress, Shrunk, shrink
from node.simulation.errors import CampaignError
from node.simulation.single import Single
from node.simulation.worker import play


@dataclass(frozen=True, slots=True)
class Smaller:
    """What a failing run was made into."""

    original: Single
    found: Shrunk

    def to_json(self) -> str:
        """For `quorate simulate --schedule`."""
        return store(self.found.schedule, self.found.violation, self.found.digest)

    def to_scenario(self) -> str:
        """For people. What is not ordered in scenarios is told, but not played."""
        schedule, violation = self.found.schedule, self.found.violation
        text = tell_scenario(
            schedule,
            f"Breaks {violation.property} at {violation.at_ms} ms: {violation.detail}\n"
            f"The smallest schedule found for: {self.original.header.command}",
        )
        return play_scenario(text) if is_bare(schedule) else text

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both files, named by seed and property; raises `OSError`."""
        folder.mkdir(exist_ok=True)
        stem = f"seed-{self.original.outcome.seed}-{self.found.violation.property}"
        paths = folder / f"{stem}.json", folder / f"{stem}.txt"
        for path, text in zip(paths, (self.to_json(), self.to_scenario()), strict=True):
            path.write_text(text, encoding="utf-8")
        return paths

    def describe(self) -> str:
        """How much smaller it became."""
        before, after = self.original.schedule.actions, self.found.schedule.actions
        return f"{len(after)} of {len(before)} actions, after {self.found.attempts} runs"


def is_bare(schedule: Schedule) -> bool:
    """Scenario files know nothing of applications."""
    return schedule.application == "bare"


def make_smaller(single: Single, progress: Progress) -> Smaller:
    """Shrink a run that failed; raises `CampaignError` for one that did not."""
    violation = single.outcome.violation
    if violation is None:
        raise CampaignError(
            "no property is violated in this run: there is nothing to make smaller",
            reason="nothing-to-shrink",
        )
    found = shrink(single.schedule, violation.property, play=play, progress=progress)
    if found is None:
        raise CampaignError(
            f"the run broke {violation.property} once and not again: it is not deterministic",
            reason="not-deterministic",
        )
    return Smaller(single, found)
