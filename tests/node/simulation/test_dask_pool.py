"""A real cluster on this machine: a scheduler and two workers, each a process."""

import functools
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from consensus.simulation.request import Request
from node.simulation import dask_pool
from node.simulation.campaign import Campaign
from node.simulation.dask_pool import DaskPool
from node.simulation.errors import PoolError, WorkerError
from node.simulation.pool import Pool
from node.simulation.processes import ProcessPool
from node.simulation.worker import make_job
from tests.node.simulation.outcomes import (
    die_at_five,
    hold,
    make_outcome,
    raise_at_five,
    tell_process,
)

pytestmark = pytest.mark.slow
PATIENCE_S = 30


def start_cluster(workers: int) -> LocalCluster:
    """A scheduler in this process, workers in others, loopback only, on ports that are free."""
    return LocalCluster(
        n_workers=workers,
        processes=True,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        host="127.0.0.1",
    )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the scheduler of two workers listens."""
    with start_cluster(2) as cluster:
        yield cluster.scheduler_address


def test_workers_without_the_project_are_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_pool, "WORKER_MODULE", "absent_module")
    with pytest.raises(PoolError, match="No module named 'absent_module'") as raised:
        DaskPool(address)
    assert raised.value.reason == "dask-worker-unfit"


@pytest.fixture
def pool(address: str) -> Iterator[DaskPool]:
    """The workers of that cluster."""
    pool = DaskPool(address)
    yield pool
    pool.close()


def run_campaign(pool: Pool, seeds: range) -> Campaign:
    request = Request(duration_ms=500)
    campaign = Campaign(request, seeds)
    for outcome in pool.map(make_job(request), seeds):
        campaign.add(outcome)
    return campaign


def test_a_cluster_and_processes_here_have_the_same_digest(pool: DaskPool) -> None:
    seeds = range(3, 15)
    there = run_campaign(pool, seeds)
    processes = ProcessPool(2)
    here = run_campaign(processes, seeds)
    processes.close()
    assert there.done == here.done == len(seeds)
    assert there.to_plain(1.0) == here.to_plain(1.0)


def test_every_seed_is_run_once_and_elsewhere(pool: DaskPool) -> None:
    found = dict(pool.map(tell_process, range(60)))
    assert sorted(found) == list(range(60))
    assert os.getpid() not in found.values()
    assert len(set(found.values())) == pool.workers == 2


def test_results_arrive_before_the_end(pool: DaskPool) -> None:
    endless = iter(range(10**7))
    results = pool.map(make_outcome, endless)
    next(results)
    assert next(endless) < 100, "all seeds were handed out before the first result"


def test_a_seed_that_raises_is_an_error_that_names_it(pool: DaskPool) -> None:
    with pytest.raises(WorkerError, match="seed 5 ended with ValueError: five"):
        list(pool.map(raise_at_five, range(8)))


def test_a_job_that_kills_every_worker_it_meets_is_an_error() -> None:
    with start_cluster(1) as cluster:
        pool = DaskPool(cluster.scheduler_address)
        with pytest.raises(WorkerError, match="failed at the seeds 4 to 7"):
            list(pool.map(die_at_five, range(4, 8)))
        pool.close()


def test_closing_does_not_wait_for_a_seed(pool: DaskPool, tmp_path: Path) -> None:
    results = pool.map(functools.partial(hold, tmp_path), range(8))
    errors: list[BaseException] = []

    def wait_for_result() -> None:
        try:
            next(results)
        except WorkerError as error:
            errors.append(error)

    waiting = threading.Thread(target=wait_for_result)
    waiting.start()
    while not list(tmp_path.iterdir()):
        threading.Event().wait(0.02)
    pool.close()
    waiting.join(PATIENCE_S)
    assert not waiting.is_alive()
    assert len(errors) == 1


def test_a_cluster_that_goes_away_is_an_error(tmp_path: Path) -> None:
    with start_cluster(1) as cluster:
        pool = DaskPool(cluster.scheduler_address)
        results = pool.map(make_outcome, iter(range(10**7)))
        next(results)
    with pytest.raises(WorkerError, match="was lost; in flight were the seeds"):
        list(results)
    pool.close()


def test_workers_that_go_away_are_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dask_pool, "POLL_S", 0.1)
    monkeypatch.setattr(dask_pool, "POLLS_ALONE_MAX", 3)
    with start_cluster(1) as cluster:
        pool = DaskPool(cluster.scheduler_address)
        results = pool.map(functools.partial(hold, tmp_path), range(4))
        cluster.scale(0)
        with pytest.raises(WorkerError, match="every worker of the cluster was lost"):
            next(results)
        pool.close()


def test_a_cluster_without_workers_is_refused() -> None:
    with start_cluster(0) as cluster, pytest.raises(PoolError, match="has no workers"):
        DaskPool(cluster.scheduler_address, timeout_s=0.5)


def test_nobody_at_the_address_is_an_error_within_the_time() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(PoolError, match="no Dask scheduler answers") as raised:
            DaskPool(address, timeout_s=0.5)
    assert raised.value.reason == "dask-unreachable"


@pytest.mark.parametrize(
    "address", ["", "foo", "tcp://host", "http://host:80", "tcp://host:port", "tcp://a b:1"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(PoolError) as raised:
        DaskPool(address)
    assert raised.value.reason == "bad-address"


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(PoolError) as raised:
        DaskPool("tcp://127.0.0.1:1")
    assert raised.value.reason == "dask-missing"
    assert "pip install 'quorate[dask]'" in raised.value.advice
