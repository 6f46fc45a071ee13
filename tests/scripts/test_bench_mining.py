import json
import subprocess
import sys
from pathlib import Path


def run(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark, small."""
    return subprocess.run(
        [sys.executable, root / "scripts" / "bench_mining.py", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_report(root: Path) -> None:
    done = run(
        root, "--workers", "1", "--seconds", "0.3", "--changes", "5", "--nice", "0", "--json"
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (row,) = report["rows"]
    assert row["workers"] == 1
    assert row["hashes_per_second"] > 1_000
    assert 0 < row["stop_ms"]["p50"] <= row["stop_ms"]["p95"] <= row["stop_ms"]["max"]


def test_impossible_options(root: Path) -> None:
    for options in (("--workers", "0"), ("--seconds", "0"), ("--changes", "0")):
        done = run(root, *options)
        assert done.returncode == 2
        assert "--workers" in done.stderr
