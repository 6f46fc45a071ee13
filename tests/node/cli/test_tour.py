"""The tour in the README of `consensus/`: every command is run, and shows what one is told to look at."""

import re
import shlex
from pathlib import Path

import pytest

from tests.node.cli.conftest import Quorate

EXPECTED: list[tuple[str, int, str]] = [
    ("quorate explore first-heard", 1, "replayed on fresh members: decided {'1': 0, '2': 1}"),
    ("quorate explore paxos --inputs 0,-,-", 0, "108 (closed"),
    ("quorate simulate --engine paxos --nodes 3 --seed 7 --diagram run.html", 0, "decided"),
    ("quorate simulate --engine pbft --nodes 4 --seeds 0:20", 0, "lie-told"),
    (
        "quorate simulate --engine pbft --nodes 4 --faulty 2 --beyond-bound --seeds 0:20",
        1,
        "breaks agreement",
    ),
    ("quorate bounds hexagon", 0, "C0 and A1"),
    ("quorate bounds rounds", 0, "similar executions from all-0 to all-1"),
    ("quorate complexity --engine pbft --nodes 4:10", 0, "= 24"),
    ("quorate explore benor --rounds 1 --crashes 1", 0, "violation       none"),
    ("quorate flp --victim paxos --page flp.html", 0, "nobody has decided"),
]
REDUCED = {
    "--seeds 0:20": "--seeds 0:4",
    "quorate bounds rounds": "quorate bounds rounds --algorithm majority",
    "--nodes 4:10": "--nodes 4",
    "--page flp.html": "--loops 2 --page flp.html",
}
"""The same in small, for a test."""


def list_commands(root: Path) -> list[str]:
    tour = (root / "consensus" / "README.md").read_text(encoding="utf-8")
    tour = tour.partition("## A tour in ten commands")[2].partition("\n## ")[0]
    return re.findall(r"^ +(quorate .+)$", tour, re.MULTILINE)


def test_there_are_ten_and_these(root: Path) -> None:
    assert list_commands(root) == [command for command, _, _ in EXPECTED]


@pytest.mark.parametrize(("command", "status", "told"), EXPECTED, ids=range(1, 11))
def test_a_command_shows_what_is_promised(
    quorate: Quorate,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: str,
    status: int,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for usual, fewer in REDUCED.items():
        command = command.replace(usual, fewer)
    if "explore" not in command and "--diagram" not in command:
        command += " --workers 1"
    words = shlex.split(command)[1:]
    done = quorate(*words)
    assert done.status == status, done.said
    assert told in done.output + done.said
    pages = [tmp_path / word for word in words if word.endswith(".html")]
    assert all(page.stat().st_size > 10_000 for page in pages)
