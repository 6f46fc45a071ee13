"""Real processes, spawned."""

import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from node.simulation.errors import WorkerError
from node.simulation.processes import ProcessPool
from tests.node.simulation.outcomes import (
    die_at_five,
    hold,
    make_outcome,
    raise_at_five,
    tell_process,
)

PATIENCE_S = 30


@pytest.fixture
def pool() -> Iterator[ProcessPool]:
    """Two workers, which leave nobody behind."""
    before = set(multiprocessing.active_children())
    pool = ProcessPool(2)
    yield pool
    pool.close()
    assert set(multiprocessing.active_children()) <= before


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look again and again; fails after a while."""
    end_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end_s
        threading.Event().wait(0.02)


def is_running(process_id: int) -> bool:
    """Neither gone nor waiting to be reaped."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def begun(folder: Path) -> list[int]:
    """The processes that hold a seed."""
    return [int(file.suffix[1:]) for file in folder.iterdir()]


def test_every_seed_is_run_once_and_elsewhere(pool: ProcessPool) -> None:
    found = dict(pool.map(tell_process, range(40)))
    assert sorted(found) == list(range(40))
    assert os.getpid() not in found.values()
    assert 1 <= len(set(found.values())) <= 2


def test_outcomes_survive_the_way(pool: ProcessPool) -> None:
    found = sorted(pool.map(make_outcome, range(9)), key=lambda outcome: outcome.seed)
    assert found == [make_outcome(seed) for seed in range(9)]


def test_results_arrive_before_the_end(pool: ProcessPool) -> None:
    endless = iter(range(10**7))
    results = pool.map(tell_process, endless)
    next(results)
    assert next(endless) < 100, "all seeds were handed out before the first result"


def test_a_worker_that_dies_is_an_error_that_names_the_seeds_in_flight(pool: ProcessPool) -> None:
    with pytest.raises(WorkerError, match=r"in flight were the seeds .*4 to 7") as raised:
        list(pool.map(die_at_five, range(8)))
    assert raised.value.reason == "worker-died"
    assert "--workers 1" in raised.value.advice


def test_a_seed_that_raises_is_an_error_that_names_it(pool: ProcessPool) -> None:
    with pytest.raises(WorkerError, match="seed 5 ended with ValueError: five"):
        list(pool.map(raise_at_five, range(8)))


def test_closing_ends_workers_in_the_middle_of_a_seed(pool: ProcessPool, tmp_path: Path) -> None:
    results = pool.map(functools.partial(hold, tmp_path), range(8))
    errors: list[BaseException] = []

    def wait_for_result() -> None:
        try:
            next(results)
        except WorkerError as error:
            errors.append(error)

    waiting = threading.Thread(target=wait_for_result)
    waiting.start()
    wait_until(lambda: len(begun(tmp_path)) == 2)
    processes = begun(tmp_path)
    pool.close()
    waiting.join(PATIENCE_S)
    assert len(errors) == 1
    assert not any(is_running(process) for process in processes)


ORPHAN = """
import functools, pathlib, sys
from node.simulation.processes import ProcessPool
from tests.node.simulation.outcomes import hold
if __name__ == "__main__":
    pool = ProcessPool(2)
    list(pool.map(functools.partial(hold, pathlib.Path(sys.argv[1])), range(8)))
"""


def test_workers_do_not_outlive_a_parent_that_is_killed(tmp_path: Path, root: Path) -> None:
    script, folder = tmp_path / "orphan.py", tmp_path / "begun"
    script.write_text(ORPHAN, encoding="utf-8")
    folder.mkdir()
    parent = subprocess.Popen([sys.executable, script, folder], cwd=root)
    try:
        wait_until(lambda: len(begun(folder)) == 2)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_until(lambda: not any(map(is_running, begun(folder))))
