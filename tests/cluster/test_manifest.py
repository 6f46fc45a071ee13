"""A manifest, played by a real network: every kind of step, and a report that tells the truth."""

import json
from pathlib import Path

import pytest

from node.testnet.log_entries import parse_line
from tests.cluster.harness import find_base_port, quorate

pytestmark = pytest.mark.cluster

MANIFEST = """
title = "Everything at once"
engine = "paxos"
nodes = 3
duration = "17s"

[load]
replay = "payments.csv"
rate = 40

[expect]
min_final = 100
min_view_changes = 1

[[step]]
at = "2s"
do = "kill"
nodes = "leader"

[[step]]
at = "6s"
expect = "final"

[[step]]
at = "6s"
do = "restart"

[[step]]
at = "7500ms"
do = "slow-link"
delay = "60ms"
jitter = "20ms"

[[step]]
at = "9s"
do = "partition"
groups = "0/1/2"

[[step]]
at = "12s"
expect = "stalled"
over = "2s"

[[step]]
at = "12500ms"
do = "heal"

[[step]]
at = "15s"
do = "pause"
nodes = "random"

[[step]]
at = "16s"
do = "restart"
nodes = "down"
"""


def test_a_manifest_is_played_to_its_end(tmp_path: Path) -> None:
    rows = [f"{number},m{number % 5},m{(number + 1) % 5},1" for number in range(2_000)]
    (tmp_path / "payments.csv").write_text("\n".join(["time,from,to,amount", *rows]))
    (tmp_path / "m.toml").write_text(MANIFEST)
    home, base = tmp_path / "net", str(find_base_port(3))
    place = ("--home", home, "--base-port", base)
    words = (*place, "--json", "--report", tmp_path / "r.html")
    done = quorate("testnet", "run", tmp_path / "m.toml", *words, timeout_s=150)
    account = json.loads(done.stdout.splitlines()[-1])
    outcomes = [step["outcome"] for step in account["steps"]]
    assert outcomes == [*["done", "met"], *["done"] * 3, "met", *["done"] * 2, "failed"], (
        done.stderr
    )
    assert account["steps"][-1]["detail"] == "no node is down just now"
    assert (done.returncode, account["good"]) == (1, False)  # for the last step alone
    assert all(finding["is_met"] for finding in account["findings"]), account["findings"]
    assert (account["agree"], account["lost"], account["dropped"]) == (True, 0, 0)
    kill, _, _, slow, cut = account["steps"][:5]
    assert 50 < kill["gap_ms"] < 4_000
    assert slow["next_final_ms"] < 3_000 <= cut["next_final_ms"]
    assert cut["gap_ms"] >= 2_500
    assert account["final"] >= 100
    assert "Everything at once" in (tmp_path / "r.html").read_text()
    check_logs(home)


def check_logs(home: Path) -> None:
    """All logs in one stream tell of the elections, in the order of time."""
    done = quorate("testnet", "logs", "--merge", "--json", "--lines", "100000", "--home", home)
    entries = [parse_line("", line, "") for line in done.stdout.splitlines()]
    stamps = [entry.timestamp for entry in entries]
    assert stamps == sorted(stamps)
    events = {entry.event for entry in entries}
    assert {"started", "link up", "link down", "suspected", "view changed", "stopped"} <= events
    assert all(entry.fields and entry.fields["network"] == "testnet" for entry in entries)
