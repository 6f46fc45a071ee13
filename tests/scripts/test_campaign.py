import json
import subprocess
from pathlib import Path


def run(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the campaign, small."""
    return subprocess.run(
        [root / "scripts" / "campaign", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


SMALL = ("--seeds", "0:2", "--duration", "0.2", "--workers", "1")


def test_two_sizes_of_each_engine(root: Path) -> None:
    done = run(root, *SMALL, "--probes-min", "0", "--json")
    assert done.returncode == 0, done.stderr
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    cases = [(report["engine"], report["nodes"], report["seeds"]) for report in reports]
    assert cases == [("pbft", 4, 2), ("pbft", 7, 2), ("paxos", 3, 2), ("paxos", 5, 2)]


def test_what_was_met_too_rarely_fails_after_all(root: Path) -> None:
    done = run(root, *SMALL, "--json")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 4
    assert "fewer than 10 times" in done.stderr


def test_bad_options_end_it(root: Path) -> None:
    done = run(root, "--seeds", "9:1")
    assert done.returncode == 2
    assert done.stderr.count("bad-seeds") == 1
