import json
import subprocess
import sys
from pathlib import Path


def run(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark, small."""
    return subprocess.run(
        [sys.executable, root / "scripts" / "bench_state.py", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


SMALL = ("--accounts", "300", "--transfers", "50", "--blocks", "3")


def test_the_report(root: Path) -> None:
    done = run(root, *SMALL, "--json", "--ratio-max", "1000")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (row,) = report["sizes"]
    assert (row["accounts"], row["transfers"]) == (300, 50)
    assert 0 < row["ratio"] == report["ratio"]
    parts = row["state_tree_ms"] + row["store_ms"] + row["rest_ms"]
    assert abs(parts - row["execute_ms"]) < 0.05


def test_a_ratio_out_of_bounds_is_a_failure(root: Path) -> None:
    assert run(root, *SMALL, "--ratio-max", "0.0001").returncode == 1


def test_impossible_options(root: Path) -> None:
    for options in (("--accounts", "10", "--transfers", "50"), ("--blocks", "0")):
        done = run(root, *options)
        assert done.returncode == 2
        assert "--" in done.stderr
