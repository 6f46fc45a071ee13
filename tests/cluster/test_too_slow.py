"""A synchronous engine on a real network that becomes slower than its rounds."""

import json
from pathlib import Path

import pytest

from node.testnet.log_entries import parse_line
from tests.cluster.harness import find_base_port, quorate

pytestmark = pytest.mark.cluster

MANIFEST = """
title = "Slower than the rounds of a clock"
engine = "floodset"
nodes = 3
duration = "15s"

[load]
rate = 20

[[step]]
at = "4s"
expect = "final"

[[step]]
at = "4500ms"
do = "slow-link"
delay = "500ms"
jitter = "50ms"

[[step]]
at = "9500ms"
expect = "stalled"
over = "3s"

[[step]]
at = "9500ms"
do = "heal"

[[step]]
at = "14500ms"
expect = "final"
nodes = "all"
"""


def test_it_stands_still_says_so_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MANIFEST)
    home, base = tmp_path / "net", str(find_base_port(3))
    words = ("--home", home, "--base-port", base, "--json")
    done = quorate("testnet", "run", tmp_path / "m.toml", *words, timeout_s=120)
    account = json.loads(done.stdout.splitlines()[-1])
    assert [step["outcome"] for step in account["steps"]] == [*["met", "done"] * 2, "met"]
    assert (account["agree"], account["lost"], account["dropped"]) == (True, 0, 0)
    assert account["longest_gap_ms"] >= 3_000
    logs = quorate("testnet", "logs", "--merge", "--json", "--lines", "100000", "--home", home)
    entries = [parse_line("", line, "") for line in logs.stdout.splitlines()]
    alerts = {e.fields["alert"] for e in entries if e.event == "broken assumption" and e.fields}
    assert alerts & {"synchrony-too-few-heard", "synchrony-late-message"}
