"""What an exploration says while it runs, and in the end."""

import resource
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.progress import Progress, TextColumn, TimeElapsedColumn

from consensus.exploration.explorer import Exploration
from node.cli.output import messages, print_line, print_pairs

NAME_DIGITS = 16
MEMORY_EVERY = 1_024
"""So often, in configurations, the memory is looked at."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where an exploration ends though there is more."""

    configurations_max: int
    depth_max: int | None
    memory_mib_max: int | None
    depth_first: bool

    def may_go_on(self, seen: Exploration) -> bool:
        """Is there memory left."""
        if self.memory_mib_max is None or len(seen.configurations) % MEMORY_EVERY:
            return True
        return measure_memory() <= self.memory_mib_max << 20


@contextmanager
def showing(*, is_shown: bool) -> Iterator[Callable[[Exploration], None]]:
    """A count on standard error, with its pace; whoever explores calls what this gives."""
    with make_bar(is_shown=is_shown) as bar:
        task = bar.add_task("configurations", total=None, pace=0.0)
        started_s = time.monotonic()

        def show(seen: Exploration) -> None:
            count = len(seen.configurations)
            pace = count / max(time.monotonic() - started_s, 1e-9)
            bar.update(task, completed=count, pace=pace)

        yield show


def make_bar(*, is_shown: bool) -> Progress:
    """A count that goes away at the end; nobody knows the total."""
    return Progress(
        TextColumn("configurations {task.completed:,.0f}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[pace]:,.0f}/s"),
        console=messages,
        disable=not (is_shown and messages.is_terminal),
        transient=True,
    )


def describe_extent(seen: Exploration, bounds: Mapping[str, int]) -> dict[str, Any]:
    """How much was seen; `bounds` are those that belong to the question."""
    return {
        "closed": seen.is_closed,
        "bounds": dict(bounds),
        "extent": tell_extent(seen, bounds),
        "configurations": len(seen.configurations),
        "transitions": seen.transitions,
        "depth": max(seen.depths, default=0),
    }


def tell_extent(seen: Exploration, bounds: Mapping[str, int]) -> str:
    """The same in words: closed is said only where nothing within the bounds was left out."""
    if seen.violation is not None:
        return "up to the violation"
    if not seen.is_closed:
        return f"cut by {seen.cut_by}: more can be reached"
    within = ", ".join(f"{name} up to {most}" for name, most in bounds.items())
    return f"closed within {within}" if within else "closed: all that can be reached"


def measure_memory() -> int:
    """The most that this process has held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def tell(report: dict[str, Any]) -> None:
    """The report in words."""
    violation = report["violation"]
    rows = {
        "explored": report["explored"],
        "network": report["network"],
        "reductions": ", ".join(report["reductions"]) or "none" if "reductions" in report else None,
        "demands": "; ".join(report["demands"]) if "demands" in report else None,
        "configurations": f"{report['configurations']:,} ({report['extent']})",
        "transitions": tell_transitions(report),
        "local states": tell_states(report),
        "decided": tell_decided(report),
        "slowest rounds": tell_slowest(report),
        "pace": f"{report['per_second']:,} configurations/s",
        "memory": f"{report['memory_bytes'] / 2**20:,.0f} MiB",
        "violation": violation["property"] if violation else "none",
    }
    print_pairs({name: words for name, words in rows.items() if words is not None})
    if violation is not None:
        for line in violation["schedule"]:
            print_line(f"  {line}")
        print_line(f"replayed on fresh members: decided {violation['decided']}")
        if "simulated" in violation:
            print_line(f"replayed in the simulator: {violation['simulated']}")


def tell_transitions(report: dict[str, Any]) -> str:
    """How many, and how deep."""
    depth = f", {report['depth']} deep" if "depth" in report else ""
    return f"{report['transitions']:,}{depth}"


def tell_states(report: dict[str, Any]) -> str | None:
    """How many, and what names them all: the same under every hash seed."""
    if "states" not in report:
        return None
    names = f", {report['names'][:NAME_DIGITS]}" if "names" in report else ""
    return f"{report['states']:,}{names}; {report['steps']:,} steps taken"


def tell_decided(report: dict[str, Any]) -> str | None:
    """Every value that somebody may decide."""
    if "decided" not in report:
        return None
    return ", ".join(map(str, report["decided"])) or "nothing"


def tell_slowest(report: dict[str, Any]) -> str | None:
    """By how many have crashed: the last round in which somebody decides."""
    if "slowest_rounds" not in report:
        return None
    rounds = report["slowest_rounds"].items()
    return ", ".join(f"{last} with {crashed} crashed" for crashed, last in rounds)
