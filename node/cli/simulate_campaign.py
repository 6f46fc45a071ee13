"""A campaign from its first seed to its closing account."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from rich.console import Console

from node.cli.output import EXIT_FAILURE, answers, describe_error, messages, print_json
from node.simulation.campaign import Campaign
from node.simulation.errors import WorkerError
from node.simulation.pool import LocalPool, Pool
from node.simulation.progress import Bar
from node.simulation.seeds import CHUNK_SEEDS
from node.simulation.tables import (
    make_campaign_table,
    make_probes_table,
    tell_rare_probes,
    tell_violations,
)
from node.simulation.worker import make_job

EXIT_INTERRUPTED = 130
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a campaign ended, whole or not."""

    campaign: Campaign
    elapsed_s: float
    error: WorkerError | None = None
    was_stopped: bool = False

    def status(self, probes_min: int) -> int:
        """The exit status: interrupted, failed, or 0."""
        if self.was_stopped:
            return EXIT_INTERRUPTED
        rare = self.campaign.list_rare_probes(probes_min)
        return EXIT_FAILURE if self.error or self.campaign.violations or rare else 0


def open_pool(dask: str | None, workers: int, seeds: int) -> Pool:
    """Whoever is to run so many seeds; raises `PoolError`. What is not needed is not imported."""
    if dask is not None:
        from node.simulation.dask_pool import DaskPool  # noqa: PLC0415

        return DaskPool(dask)
    workers = min(workers, -(-seeds // CHUNK_SEEDS))
    if workers == 1:
        return LocalPool()
    from node.simulation.processes import ProcessPool  # noqa: PLC0415

    return ProcessPool(workers)


def play(campaign: Campaign, pool: Pool, *, is_shown: bool) -> Ending:
    """Run all seeds, or as many as Ctrl-C and the workers allow; the pool is closed in any case."""
    started_s = time.monotonic()
    error, was_stopped = None, False
    with stopping_on_signals(), Bar(messages, len(campaign.seeds), is_shown=is_shown) as bar:
        try:
            for outcome in pool.map(make_job(campaign.request), campaign.seeds):
                campaign.add(outcome)
                bar.show(campaign)
        except KeyboardInterrupt:
            was_stopped = True
        except WorkerError as raised:
            error = raised
        finally:
            pool.close()
    return Ending(campaign, time.monotonic() - started_s, error, was_stopped)


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """The first Ctrl-C, SIGTERM or SIGHUP interrupts the body; it is not disturbed again."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    heeded = [number for number in STOP_SIGNALS if before[number] is not signal.SIG_IGN]

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in heeded:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in heeded:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number])


def report(ending: Ending, *, json: bool, probes_min: int = 0, is_aside: bool = False) -> None:
    """The closing account: tables, or one JSON object and beside it what concerns people.

    With `is_aside` standard output is left alone. Situations met less often than `probes_min` are
    named.
    """
    campaign = ending.campaign
    console = messages if is_aside or json else answers
    if json:
        print_json(campaign.to_plain(ending.elapsed_s))
    else:
        console.print(make_campaign_table(campaign, ending.elapsed_s))
        console.print(make_probes_table(campaign))
        say_line(console, f"digest {campaign.digest.hexdigest()}")
    for line in tell_violations(campaign):
        say_line(console, line)
    if ending.was_stopped:
        say_line(messages, "stopped before the end; this is what was done so far")
    elif warning := tell_rare_probes(campaign, probes_min):
        say_line(messages, warning)
    if ending.error is not None:
        say_line(messages, describe_error(ending.error))


def say_line(console: Console, line: str) -> None:
    """One line as it is, however long."""
    console.print(line, markup=False, soft_wrap=True)
