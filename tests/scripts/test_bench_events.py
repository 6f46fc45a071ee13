import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.harness import find_base_port


def run(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark, small."""
    return subprocess.run(
        [sys.executable, root / "scripts" / "bench_events.py", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.cluster
def test_the_report(root: Path) -> None:
    small = ["--nodes", "1", "--subscribers", "10", "--rounds", "1", "--for", "1"]
    rates = ["--rate", "100", "--full-rate", "200", "--base-port", str(find_base_port(1))]
    done = run(root, *small, *rates, "--json")
    assert done.returncode in {0, 1}, done.stderr
    report = json.loads(done.stdout)
    alone, crowded = report["rows"]
    assert (alone["subscribers"], alone["held"], alone["calls"]) == (0, 0, 0)
    assert (crowded["subscribers"], crowded["held"]) == (10, 10)
    assert crowded["calls"] >= 10
    assert report["summary"]["tx_per_second_ratio"] > 0


def test_impossible_options(root: Path) -> None:
    for options in (("--subscribers", "0"), ("--for", "0"), ("--rounds", "many")):
        done = run(root, *options)
        assert done.returncode == 2
        assert "--" in done.stderr
