import json
import subprocess
import sys
from pathlib import Path


def run(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark, small."""
    return subprocess.run(
        [sys.executable, root / "scripts" / "bench_coin.py", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_report(root: Path) -> None:
    done = run(root, "--members", "1", "4", "--coins", "5", "--json")
    assert done.returncode == 0, done.stderr
    alone, four = json.loads(done.stdout)["sizes"]
    assert (alone["members"], alone["faults"]) == (1, 0)
    assert (four["members"], four["faults"]) == (4, 1)
    parts = four["share_ms"] + four["verification_ms"] + four["combination_ms"]
    assert abs(parts - four["coin_ms"]) < 0.01
    assert four["ratio"] > 1


def test_impossible_options(root: Path) -> None:
    for options in (("--members", "0"), ("--members", "300"), ("--coins", "0")):
        done = run(root, *options)
        assert done.returncode == 2
        assert "--" in done.stderr
