"""`quorate testnet logs` of a network whose nodes have written something."""

import json
from pathlib import Path

import pytest

from node.testnet.network import create_network
from node.testnet.plan import Plan
from tests.node.cli.conftest import Quorate

PEER = "ab" * 32


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two nodes with a few lines each; node 1 failed and left a trace."""
    network = create_network(tmp_path / "net", Plan(validators=2))
    lines = [
        [(1, "started", "info", {}), (4, "link up", "info", {"peer": PEER})],
        [(2, "started", "info", {}), (3, "no block", "warning", {"why": "too few"})],
    ]
    for member, said in zip(network.members, lines, strict=True):
        text = "".join(
            json.dumps({"event": event, "level": level, "timestamp": stamp(second), **fields})
            + "\n"
            for second, event, level, fields in said
        )
        member.log_path.write_text(text)
    with network.members[1].log_path.open("a") as log:
        log.write("Traceback (most recent call last):\n")
    return tmp_path / "net"


def stamp(second: int) -> str:
    return f"2026-01-01T00:00:{second:02}.500000Z"


def test_one_node_is_shown_for_people(quorate: Quorate, home: Path) -> None:
    said = quorate("testnet", "logs", "0", "--home", home).output.splitlines()
    assert said == [
        "00:00:01.500 validator-0 info    started",
        f"00:00:04.500 validator-0 info    link up peer={PEER[:10]}…",
    ]


def test_all_nodes_are_shown_by_time(quorate: Quorate, home: Path) -> None:
    merged = quorate("testnet", "logs", "--merge", "--home", home).output.splitlines()
    assert [line.split()[1] for line in merged] == [f"validator-{i}" for i in (0, 1, 1, 1, 0)]
    assert merged[3] == "00:00:03.500 validator-1 Traceback (most recent call last):"
    named = quorate("testnet", "logs", "--node", "0", "1", "--home", home, "--lines", "1")
    assert len(named.output.splitlines()) == 2


def test_lines_are_chosen(quorate: Quorate, home: Path) -> None:
    def choose(*words: str) -> list[str]:
        done = quorate("testnet", "logs", "--merge", "--json", *words, "--home", home)
        lines = [json.loads(line) for line in done.output.splitlines()]
        return [line.get("event", line.get("raw", ""))[:9] for line in lines]

    assert choose() == ["started", "started", "no block", "Traceback", "link up"]
    assert choose("--level", "warning") == ["no block", "Traceback"]
    assert choose("--event", "start") == ["started", "started"]
    assert choose("--grep", "too f|peer") == ["no block", "link up"]
    assert choose("--node", "1", "--level", "error") == ["Traceback"]


def test_what_cannot_be_shown_is_said(quorate: Quorate, home: Path) -> None:
    nobody = quorate("testnet", "logs", "--home", home)
    assert (nobody.status, "take all with --merge" in nobody.said) == (2, True)
    unknown = quorate("testnet", "logs", "7", "--home", home)
    assert (unknown.status, "[no-such-node]" in unknown.said) == (1, True)
    broken = quorate("testnet", "logs", "0", "--grep", "(", "--home", home)
    assert (broken.status, "no regular expression" in broken.said) == (2, True)
    assert quorate("testnet", "logs", "0", "--level", "loud", "--home", home).status == 2
