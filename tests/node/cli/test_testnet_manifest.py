"""`quorate testnet run FILE` as far as it goes without a network."""

import json
from pathlib import Path

import pytest

from tests.node.cli.conftest import Quorate

MANIFEST = """
title = "Short"
duration = "5s"
[load]
rate = 3
[[step]]
at = "2s"
do = "kill"
nodes = "leader"
say = "why not"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "m.toml"
    path.write_text(MANIFEST)
    return path


def test_a_check_tells_what_would_happen(quorate: Quorate, path: Path) -> None:
    done = quorate("testnet", "run", path, "--check", "--home", path.parent / "net")
    assert done.status == 0
    assert done.output.splitlines()[-1].strip() == "2s  kill leader  (why not)"
    assert "pbft, 4 validators" in done.output
    plain = quorate("testnet", "run", path, "--check", "--json").json()
    assert (plain["duration"], plain["step"][0]["nodes"]) == (5_000, "leader")
    assert not (path.parent / "net").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("none.toml",), "manifest-missing"),
        (("m.toml", "--nodes", "3"), "manifest-and-flags"),
        (("m.toml", "--load", "3"), "manifest-and-flags"),
        (("m.toml", "--report", "nowhere/r.html"), "report-unwritable"),
        (("m.toml", "--home", "."), "home-not-empty"),
        (("--check",), "manifest-missing"),
        (("--report", "r.html"), "manifest-missing"),
    ],
)
def test_what_cannot_be_played_is_refused_before_anything_is_made(
    quorate: Quorate,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    reason: str,
) -> None:
    monkeypatch.chdir(path.parent)
    done = quorate("testnet", "run", *words)
    assert (done.status, f"[{reason}]" in done.said) == (2, True), done.said
    assert [one.name for one in path.parent.iterdir()] == ["m.toml"]


def test_faults_are_told_by_line(quorate: Quorate, path: Path) -> None:
    path.write_text(MANIFEST.replace("kill", "kil"))
    done = quorate("testnet", "run", path)
    assert (done.status, f"{path}:8: step 1, do: " in done.said) == (2, True)


def test_the_schema_is_printed_for_editors(quorate: Quorate) -> None:
    assert json.loads(quorate("testnet", "schema").output)["title"] == "Manifest"
