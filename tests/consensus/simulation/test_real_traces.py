"""Trace file, fairness and diagram over runs of the simulator, not over traces made by hand."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from consensus.simulation.diagram import draw_diagram
from consensus.simulation.entry import Entry
from consensus.simulation.fairness import Fairness, measure_fairness
from consensus.simulation.scenario import open_cluster
from consensus.simulation.stage import Stage
from consensus.simulation.trace_file import read_trace, write_trace
from consensus.simulation.trace_header import Header

HEADER = Header("pbft", 7, 4, "quorate simulate --seed 7 --trace")
WARM_UP = ("load 20", "run 400", "load 0", "run 300")
STORM = (
    *("load 20", "run 100", "quality delay=1..30 loss=100 twice=100", "run 300", "crash 0"),
    *("run 900", "pause 2", "run 200", "resume 2", "restart 0", "partition 0 1 | 2 3", "run 400"),
    *("heal", "twin 1", "load 0", "run 800"),
)


def play(*commands: str, cluster: str = "cluster pbft n=4 seed=7") -> list[Entry]:
    """What a run leaves behind."""
    stage = Stage(open_cluster(cluster, is_traced=True))
    for command in commands:
        stage.do(command)
    assert stage.cluster.trace is not None
    return stage.cluster.trace.entries


def measure(entries: list[Entry], k: int) -> Fairness:
    return measure_fairness(entries, range(4), k)


def test_a_run_without_faults_is_fair() -> None:
    measured = measure(play(*WARM_UP), k=100)
    assert measured.is_fair
    assert measured.copies > 200
    assert (measured.lost, measured.undelivered) == (0, 0)


def test_no_run_is_fair_for_too_small_a_bound() -> None:
    entries = play(*WARM_UP)
    measured = measure(entries, k=100)
    greatest = max(measured.age_max, measured.idle_max)
    assert greatest > 0
    assert measure(entries, greatest).is_fair
    assert not measure(entries, greatest - 1).is_fair


def test_a_paused_host_is_found() -> None:
    measured = measure(play("pause 2", *WARM_UP, "resume 2", "run 500"), k=250)
    assert {breach.place for breach in measured.breaches} == {2}
    kinds = {breach.kind for breach in measured.breaches}
    assert kinds == {"idle-host", "late-message"}


def test_a_clogged_link_is_found_and_only_its_receiver_suffers() -> None:
    entries = play("clog 1 3", *WARM_UP)
    measured = measure(entries, k=100)
    late = [breach for breach in measured.breaches if breach.kind == "undelivered-message"]
    assert late
    assert {(breach.place, entries[breach.begin].place) for breach in late} == {(3, 1)}


def test_losses_are_no_breaches() -> None:
    measured = measure(play("quality loss=200", *WARM_UP, "run 2000"), k=200)
    assert measured.is_fair
    assert measured.lost > 50
    assert 2 <= measured.loss_run_max <= 20


def test_a_host_that_is_down_is_no_breach() -> None:
    measured = measure(play("crash 3", *WARM_UP), k=100)
    assert measured.is_fair
    assert measured.lost > 50


def test_a_storm_comes_back_from_its_text() -> None:
    entries = play(*STORM)
    kinds = {entry.kind for entry in entries}
    assert kinds >= {"send", "receive", "lose", "timer", "crash", "restart", "pause", "event"}
    assert read_trace(write_trace(HEADER, entries)) == (HEADER, entries)


def test_a_storm_is_drawn_whole() -> None:
    entries = play(*STORM)
    header = Header("pbft", 7, 4, "x", liars=(1, 4), replicas=(0, 1, 2, 3, 1))
    root = ET.fromstring(draw_diagram(header, entries))
    fates = Counter(
        (element.get("class") or "").split()[1]
        for element in root.iter()
        if (element.get("class") or "").startswith("flight ")
    )
    kinds = Counter(entry.kind for entry in entries)
    assert (fates["received"], fates["lost"]) == (kinds["receive"], kinds["lose"])
    words = " ".join(root.itertext())
    for told in ("crashes", "restarts", "pauses", "resumes", "partition 0 1 | 2 3", "heal"):
        assert told in words


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_text_and_page_are_the_same_in_every_process(hash_seed: str) -> None:
    code = f"from {__name__} import print_digest; print_digest()"
    environment = os.environ | {
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == compute_digest()


def compute_digest() -> str:
    """Of the text and of the page of a run."""
    entries = play(*STORM)
    page = draw_diagram(HEADER, entries)
    return hashlib.sha256((write_trace(HEADER, entries) + page).encode()).hexdigest()


def print_digest() -> None:
    """For another process."""
    sys.stdout.write(compute_digest())
