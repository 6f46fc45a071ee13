"""One pure job for many numbers, on all cores, with a progress bar: what measuring commands share."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from node.cli.output import EXIT_FAILURE, describe_error, messages, say
from node.cli.remote import RequestError
from node.cli.simulate_campaign import EXIT_INTERRUPTED, open_pool, stopping_on_signals
from node.simulation.errors import WorkerError
from node.simulation.pool import Job

T = TypeVar("T")

DIGITS_MAX = 12
_RANGE = re.compile(r"([0-9]+)(?::([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """What the job gave, in whatever order it came; not for all numbers if it was cut short."""

    results: list[T]
    elapsed_s: float
    error: WorkerError | None = None
    was_stopped: bool = False

    def status(self, *, is_good: bool) -> int:
        """The exit status: interrupted, failed, or 0; says what went wrong."""
        if self.error is not None:
            say(describe_error(self.error))
        if self.was_stopped:
            say("stopped before the end; this is what was done so far")
            return EXIT_INTERRUPTED
        return 0 if is_good and self.error is None else EXIT_FAILURE


def run_numbers(
    job: Job[T],
    numbers: Sequence[int],
    workers: int,
    label: str,
    *,
    is_shown: bool,
    is_bad: Callable[[T], bool],
    tell: Callable[[T], str] | None = None,
) -> Ended[T]:
    """Do the job for every number, or for as many as Ctrl-C and the workers allow.

    `is_shown` asks for a bar, which counts the bad results too; `tell` has a line for each result.
    """
    started_s = time.monotonic()
    results: list[T] = []
    error, was_stopped, bad = None, False, 0
    pool = open_pool(None, workers, len(numbers))
    with stopping_on_signals(), make_bar(label, is_shown=is_shown) as bar:
        task = bar.add_task(label, total=len(numbers), bad=0)
        try:
            for result in pool.map(job, numbers):
                results.append(result)
                bad += is_bad(result)
                if tell is not None:
                    say(f"{len(results)}/{len(numbers)} {label}: {tell(result)}")
                bar.update(task, completed=len(results), bad=bad)
        except KeyboardInterrupt:
            was_stopped = True
        except WorkerError as raised:
            error = raised
        finally:
            pool.close()
    return Ended(results, time.monotonic() - started_s, error, was_stopped)


def make_bar(label: str, *, is_shown: bool) -> Progress:
    """A bar on standard error that goes away at the end."""
    return Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[bad]} bad"),
        console=messages,
        disable=not is_shown,
        transient=True,
    )


def parse_numbers(text: str, what: str, *, includes_last: bool = False) -> range:
    """`FIRST:END`, or one number; END is left out unless `includes_last`. Raises `RequestError`."""
    found = _RANGE.fullmatch(text.strip())
    numbers = range(0)
    if found is not None and max(len(part or "") for part in found.groups()) <= DIGITS_MAX:
        first = int(found[1])
        numbers = range(first, first + 1)
        if found[2] is not None:
            numbers = range(first, int(found[2]) + includes_last)
    if not numbers:
        form = "FIRST:LAST, both included" if includes_last else "FIRST:END with END left out"
        raise RequestError(
            f"{text[:80]!r} is not a range of {what}",
            reason="bad-range",
            advice=f"write {form}, or one number",
        )
    return numbers
