import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consensus.simulation.request import Outcome, Request
from consensus.simulation.run import expected_probes
from node.cli import simulate_campaign
from tests.node.cli.conftest import Done, Quorate
from tests.node.simulation.outcomes import make_outcome, raise_at_five
from tests.node.simulation.test_dask_pool import start_cluster

SHORT = ("--duration", "0.3")
PATIENCE_S = 60
Simulate = Callable[..., Done]


@pytest.fixture
def simulate(quorate: Quorate) -> Simulate:
    """Run `quorate simulate WORDS` with a short chaos."""
    return lambda *words: quorate("simulate", *SHORT, *words)


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every seventh seed breaks agreement."""
    monkeypatch.setattr(simulate_campaign, "make_job", lambda _request: make_outcome)


def test_a_campaign_for_machines(simulate: Simulate) -> None:
    done = simulate(
        "--engine", "pbft", "--nodes", "4", "--seeds", "0:5", "--workers", "1", "--json"
    )
    assert done.status == 0, done.said
    report = done.json()
    assert list(report) == [
        "engine", "nodes", "seeds", "violations", "decided", "events", "events_per_second",
        "sim_seconds_per_second", "probes", "digest",
    ]  # fmt: skip
    assert (report["engine"], report["nodes"], report["seeds"]) == ("pbft", 4, 5)
    assert report["violations"] == []
    assert report["decided"] > 0
    assert report["events"] > 100
    assert len(report["digest"]) == 64
    assert set(expected_probes(Request())) <= set(report["probes"])


def test_the_digest_does_not_depend_on_the_workers(simulate: Simulate) -> None:
    reports = [simulate("--seeds", "2:12", "--workers", n, "--json").json() for n in ("1", "2")]
    for report in reports:
        del report["events_per_second"], report["sim_seconds_per_second"]
    assert reports[0] == reports[1]


def test_one_seed_is_the_campaign_of_that_seed(simulate: Simulate) -> None:
    one = simulate("--seed", "7", "--json").json()
    many = simulate("--seeds", "7:8", "--workers", "1", "--json").json()
    assert one["digest"] == many["digest"]
    assert simulate("--seeds", "7", "--json").json()["digest"] == one["digest"]


def test_a_campaign_for_people(simulate: Simulate) -> None:
    done = simulate("--seeds", "0:3", "--workers", "1")
    assert done.status == 0
    for words in ("3 of 3", "events per second", "simulated seconds per second", "digest"):
        assert words in done.output
    assert "situations were never met: " in done.said


def test_the_real_ledger_is_ordered(simulate: Simulate) -> None:
    bare = simulate("--seed", "1", "--json").json()
    ledger = simulate("--seed", "1", "--json", "--application", "ledger").json()
    assert ledger["violations"] == []
    assert ledger["decided"] > 0
    assert ledger["digest"] != bare["digest"]


@pytest.mark.usefixtures("made_up")
def test_a_violation_ends_with_one_and_is_told_how_to_be_seen_again(simulate: Simulate) -> None:
    replay = "quorate simulate --engine pbft --nodes 4 --duration 0.3 --seed 3 --trace"
    done = simulate("--seeds", "0:5", "--workers", "1", "--json")
    assert done.status == 1
    violations = done.json()["violations"]
    assert violations == [{"seed": 3, "property": "agreement", "replay": replay}]
    assert replay in done.said
    shown = simulate("--seeds", "0:5", "--workers", "1")
    assert shown.status == 1
    assert "seed 3 breaks agreement at 12 ms: two values for 3" in shown.output
    assert f"  {replay}\n" in shown.output


@pytest.mark.usefixtures("made_up")
def test_many_violations_are_not_all_printed(simulate: Simulate) -> None:
    done = simulate("--seeds", "0:700", "--workers", "1")
    assert "80 more" in done.output
    assert len(simulate("--seeds", "0:700", "--workers", "1", "--json").json()["violations"]) == 100


def test_situations_met_too_rarely_fail_where_that_is_asked(simulate: Simulate) -> None:
    assert simulate("--seeds", "0:2", "--workers", "1").status == 0
    done = simulate("--seeds", "0:2", "--workers", "1", "--probes-min", "10")
    assert done.status == 1
    assert "met fewer than 10 times" in done.said


def test_a_seed_that_raises_ends_with_one_and_the_rest_is_reported(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(seed: int) -> Outcome:
        raise_at_five(seed)
        return make_outcome(seed)

    monkeypatch.setattr(simulate_campaign, "make_job", lambda _request: run)
    done = simulate("--seeds", "4:9", "--workers", "1", "--json")
    assert done.status == 1
    assert done.json()["seeds"] == 1
    assert "seed 5 ended with ValueError" in done.said
    assert "[seed-raised]" in done.said


BAD: list[tuple[tuple[str, ...], str]] = [
    (("--engine", "paxoss"), "unknown-engine"),
    (("--faults", "loss,gremlins"), "gremlins"),
    (("--faults", "loss,"), "no fault ''"),
    (("--timing", "lunar"), "unknown-timing"),
    (("--application", "wallet"), "wallet"),
    (("--nodes", "-1"), "-1"),
    (("--nodes", "257"), "257"),
    (("--nodes", "3", "--f", "1"), "outside-bound"),
    (("--faulty", "2"), "outside-bound"),
    (("--faulty", "-1"), "-1"),
    (("--faulty", "5", "--beyond-bound"), "5 of 4"),
    (("--f", "-1"), "outside-bound"),
    (("--duration", "0"), "bad-duration"),
    (("--duration", "-3"), "bad-duration"),
    (("--duration", "nan"), "bad-duration"),
    (("--duration", "inf"), "bad-duration"),
    (("--parameter", "window"), "bad-engine-parameter"),
    (("--parameter", "window=x"), "bad-engine-parameter"),
    (("--parameter", "window=8", "--parameter", "window=9"), "bad-engine-parameter"),
    (("--parameter", "windows=8"), "bad-engine-parameter"),
    (("--seeds", "abc"), "bad-seeds"),
    (("--seeds", "9:3"), "backwards"),
    (("--seeds", "-4:3"), "negative"),
    (("--seeds", "4:4"), "no seed"),
    (("--seeds", "0:10000001"), "more than"),
    (("--seed", "-4"), "negative"),
    (("--seed", "9" * 30), "bad-seeds"),
    (("--workers", "0"), "no-workers"),
    (("--workers", "-1"), "no-workers"),
    (("--workers", "99999"), "no-workers"),
    (("--dask", "foo"), "bad-address"),
    (("--seed", "1", "--seeds", "0:5"), "bad-options"),
    (("--seed", "1", "--schedule", "x.json"), "bad-options"),
    (("--seed", "1", "--workers", "2"), "bad-options"),
    (("--workers", "2", "--dask", "tcp://127.0.0.1:1"), "bad-options"),
    (("--trace",), "bad-options"),
    (("--trace-file", "x"), "bad-options"),
    (("--diagram", "x.html"), "bad-options"),
    (("--read-trace", "x"), "bad-options"),
    (("--rewrite",), "bad-options"),
    (("--seed", "1", "--from-ms", "5"), "bad-options"),
    (("--seed", "1", "--diagram", "x", "--from-ms", "5", "--to-ms", "4"), "bad-options"),
    (("--seed", "1", "--trace", "--json"), "bad-options"),
    (("--seed", "1", "--shrink"), "bad-options"),
    (("--seed", "1", "--out", "x"), "bad-options"),
    (("--shrink", "--out", "x"), "bad-options"),
    (("--seed", "1", "--trace-file", "/nowhere/at/all"), "output-unwritable"),
    (("--seed", "1", "--diagram", "/"), "output-unwritable"),
    (("--seed", "1", "--shrink", "--out", "/nowhere/at/all"), "output-unwritable"),
    (("--schedule", "/nowhere/at/all"), "input-unreadable"),
    (("--scenario", "/nowhere/at/all"), "input-unreadable"),
    (("--read-trace", "/nowhere/at/all", "--diagram", "x.html"), "input-unreadable"),
    (("--nodes", "four"), "--nodes"),
    (("--unknown",), "--unknown"),
    (("0:1000",), "0:1000"),
]


@pytest.mark.parametrize(("words", "said"), BAD, ids=lambda value: " ".join(value)[:40])
def test_bad_input_is_refused_in_a_line(
    simulate: Simulate, words: tuple[str, ...], said: str
) -> None:
    done = simulate(*words)
    assert done.status == 2, done.said
    assert said in done.said
    assert "Traceback" not in done.said
    assert done.output == ""


def test_without_the_extra_the_command_says_what_to_install(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = simulate("--seeds", "0:3", "--dask", "tcp://127.0.0.1:1")
    assert done.status == 2
    assert "pip install 'quorate[dask]'" in done.said


def children_of(process_id: int) -> list[int]:
    """Processes started by a process."""
    path = Path(f"/proc/{process_id}/task/{process_id}/children")
    return [int(word) for word in path.read_text(encoding="utf-8").split()]


def start(*words: str) -> "subprocess.Popen[str]":
    """The command as a process of its own group, as on a terminal."""
    code = "import sys; from node.cli.main import run; sys.argv[0] = 'quorate'; run()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "simulate", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_workers(process: "subprocess.Popen[str]", count: int) -> list[int]:
    end_s = time.monotonic() + PATIENCE_S
    while len(found := children_of(process.pid)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end_s
        threading.Event().wait(0.05)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_all_workers_and_tells_what_was_done(number: signal.Signals) -> None:
    process = start("--seeds", "0:1000000", "--workers", "2", "--json")
    # Besides the two workers there is multiprocessing's own tracker of resources.
    workers = wait_for_workers(process, 3)
    os.killpg(process.pid, signal.SIGINT) if number is signal.SIGINT else process.send_signal(
        number
    )
    output, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, said
    report: dict[str, Any] = json.loads(output)
    assert 0 <= report["seeds"] < 1_000_000
    assert "stopped before the end" in said
    assert "Traceback" not in said
    end_s = time.monotonic() + PATIENCE_S
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < end_s


def test_ctrl_c_in_the_middle_of_a_seed(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(seed: int) -> Outcome:
        if seed == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return make_outcome(seed)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(simulate_campaign, "make_job", lambda _request: run)
    done = simulate("--seeds", "0:9", "--workers", "1", "--json")
    assert done.status == 130
    assert done.json()["seeds"] == 2
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
def test_a_cluster_finds_the_same(simulate: Simulate) -> None:
    words = ("--seeds", "2:12", "--json")
    with start_cluster(2) as cluster:
        there = simulate(*words, "--dask", cluster.scheduler_address)
    here = simulate(*words, "--workers", "2")
    assert there.status == here.status == 0
    assert there.json()["digest"] == here.json()["digest"]
    assert there.json()["probes"] == here.json()["probes"]
