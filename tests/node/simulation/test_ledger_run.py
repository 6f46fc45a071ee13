"""Storms over real ledgers: nothing breaks that should hold, and what is broken is found."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consensus.errors import UnknownEngineError
from consensus.message import Height
from consensus.simulation.application import Block
from consensus.simulation.cluster import make_cluster
from consensus.simulation.request import Request
from consensus.simulation.run import run_seed
from consensus.simulation.schedule import Schedule, play_schedule
from consensus.simulation.swarm import draw_schedule
from ledger.reasons import Reason
from ledger.state import View, WorkingAccount
from ledger.transaction import Transfer
from node.simulation.ledger import LedgerApplication
from node.simulation.ledger_run import (
    check_cluster,
    play_ledgers,
    read_engine,
    run_ledger_seed,
    trace_ledger_schedule,
)
from node.simulation.ledger_workload import Bodies, make_network
from node.simulation.ledgers import make_ledgers

ROOT = Path(__file__).parents[3]
CALM = Schedule(
    "cluster pbft n=4 f=1 seed=1",
    ((0, "submit a b c d e f g h"), (0, "demand 60000 0 1 2 3")),
    "ledger",
)

POWER = Schedule(
    CALM.cluster,
    (
        (0, "load 20"),
        (400, "power 2"),
        (600, "restart 2"),
        (900, "power 0 1 2 3"),
        (1_000, "restart 0 1 2 3"),
        (1_500, "wipe 3"),
        (1_700, "restart 3"),
        (2_000, "load 0"),
        (2_000, "demand 60000 0 1 2 3"),
    ),
    "ledger",
)
"""Power fails here and everywhere, and a disk is lost."""


def pay_twice(view: View, sender: WorkingAccount, payload: Transfer) -> Reason | None:
    sender.balance -= payload.amount
    view.account(payload.recipient).balance += 2 * payload.amount
    return None


class Miscounting(LedgerApplication):
    """A ledger with a bug of its own."""

    def execute(self, height: Height, values: tuple[bytes, ...], seal: Any) -> Block:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ledger.apps.accounts.apply", pay_twice)
            return super().execute(height, values, seal)


@pytest.mark.parametrize(("nodes", "seeds"), [(4, range(12)), (7, range(3))])
def test_storms_break_nothing(nodes: int, seeds: range) -> None:
    request = Request(nodes=nodes, application="ledger", duration_ms=3_000)
    for seed in seeds:
        outcome = run_ledger_seed(request, seed)
        assert outcome.violation is None
        assert outcome.decided > 0


def test_lost_blocks_and_new_disks_are_made_good() -> None:
    played = play_ledgers(POWER)
    assert played.violation is None
    assert played.cluster.history.probes["blocks-lost"] > 0
    assert played.cluster.history.probes["disk-wiped"] == 1
    chains = [host.application.chain for host in played.cluster.correct]
    assert len({chain.head_id for chain in chains}) == 1
    assert all(chain.certified_height > 0 for chain in chains)


def test_the_same_seed_is_the_same_run_in_every_process() -> None:
    code = (
        "from consensus.simulation.request import Request;"
        "from node.simulation.ledger_run import run_ledger_seed;"
        "print(run_ledger_seed(Request(application='ledger', duration_ms=2000), 5).digest)"
    )
    request = Request(application="ledger", duration_ms=2_000)
    digests = {run_ledger_seed(request, 5).digest for _ in range(2)}
    for hash_seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", code]
        run = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        digests.add(run.stdout.strip())
    assert len(digests) == 1


def test_a_traced_run_has_the_digest_of_the_run() -> None:
    request = Request(application="ledger", duration_ms=2_000)
    outcome, trace = trace_ledger_schedule(draw_schedule(request, 3), 3)
    assert outcome == run_ledger_seed(request, 3)
    assert any(entry.kind == "decide" for entry in trace.entries)


def test_other_blocks_are_ordered_than_without_a_ledger() -> None:
    bare, real = play_schedule(CALM), play_ledgers(CALM)
    assert (bare.violation, real.violation) == (None, None)
    assert bare.cluster.history.decided.keys() == real.cluster.history.decided.keys()
    assert bare.cluster.digest() != real.cluster.digest()
    executed = [host.application.executed.keys() for host in real.cluster.correct]
    assert all(items == executed[0] and items >= set("abcdefgh") for items in executed)


def test_a_ledger_that_differs_is_found_by_the_run() -> None:
    bodies = Bodies(make_network("pbft"))

    def make_application(place: int) -> LedgerApplication:
        return Miscounting(bodies) if place == 2 else LedgerApplication(bodies)

    played = play_schedule(CALM, make_application=make_application)
    assert played.violation is not None
    assert played.violation.property in {"agreement", "uniform-agreement"}
    assert "host 2" in played.violation.detail


def test_a_mistake_that_all_ledgers_make_is_found_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ledger.apps.accounts.apply", pay_twice)
    played = play_ledgers(CALM, is_traced=True)
    assert played.violation is not None
    assert played.violation.property == "ledger-supply"
    assert played.violation.at_ms == played.cluster.now_ms
    last = played.cluster.trace.entries[-1]
    assert (last.kind, last.name) == ("violated", "ledger-supply")


def test_a_violation_during_the_run_ends_it_without_a_look_at_the_ledgers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ledger.apps.accounts.apply", pay_twice)
    starved = Schedule(CALM.cluster, ((0, "crash 0 1"), (0, "submit a"), (0, "demand 500 2 3")))
    played = play_ledgers(starved)
    assert played.violation is not None
    assert played.violation.property == "bounded-progress"


def test_only_ledgers_can_be_checked() -> None:
    check_cluster(make_cluster(make_application=make_ledgers("pbft")))
    with pytest.raises(AssertionError):
        check_cluster(make_cluster())


def test_the_engine_stands_in_the_cluster_line() -> None:
    assert read_engine(CALM) == "pbft"
    for line in ("cluster", "cluster Nobody! n=4"):
        with pytest.raises(UnknownEngineError):
            play_ledgers(Schedule(line, ()))


def test_the_simulator_runs_a_ledger_when_it_is_handed_one() -> None:
    request = Request(duration_ms=1_000)
    outcome = run_seed(request, 1, make_ledgers("pbft"))
    assert outcome.violation is None
    assert outcome == run_ledger_seed(request, 1)
