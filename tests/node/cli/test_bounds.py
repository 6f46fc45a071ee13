"""`quorate bounds`: six arguments in words, as JSON and as a page."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from consensus.bounds.arguments import Job, show_partition
from consensus.bounds.partition import CONTROL
from tests.node.cli.conftest import Quorate


def test_one_argument_in_words(quorate: Quorate) -> None:
    done = quorate("bounds", "hexagon", "--workers", "1")
    assert done.status == 0, done.said
    assert done.output.startswith("hexagon: two copies in a ring")
    assert "C0 and A1 with 1 a puppet: breaks agreement, as in the ring" in done.output
    assert "partition" not in done.output
    assert "4 of 4 shown" in done.said


def test_arguments_for_machines_and_as_a_page(quorate: Quorate, tmp_path: Path) -> None:
    page = tmp_path / "bounds.html"
    done = quorate(
        "bounds", "theorem", "weak", "hexagon", "--json", "--page", page, "--workers", "1"
    )
    assert done.status == 0, done.said
    report = done.json()
    assert (report["version"], report["shown"]) == (1, True)
    names = [one["name"] for one in report["arguments"]]
    assert names == ["hexagon", "weak", "theorem"]
    assert all(one["shown"] for one in report["arguments"])
    kinds = {finding["type"] for one in report["arguments"] for finding in one["findings"]}
    assert kinds == {"run", "hexagon", "cell"}
    assert page.read_text().startswith("<!DOCTYPE html>")


def test_a_given_algorithm_is_run_along_the_chains(quorate: Quorate) -> None:
    done = quorate("bounds", "rounds", "--algorithm", "opt-flood-set", "--workers", "1")
    assert done.status == 0, done.said
    assert "opt-flood-set breaks agreement" in done.output
    assert "flood-min" not in done.output


def test_what_is_not_shown_fails(quorate: Quorate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that breaks its promises where it should keep them."""
    made = show_partition(CONTROL)
    spoiled = replace(made, witness=replace(made.witness, broken=("agreement",)))
    monkeypatch.setattr("node.cli.bounds.list_jobs", lambda *_: [Job("partition", lambda: spoiled)])
    done = quorate("bounds", "partition", "--json", "--workers", "1")
    assert done.status == 1
    assert done.json()["shown"] is False


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("octagon",), "unknown-argument"),
        (("rounds", "--algorithm", "phase-king"), "unfit-algorithm"),
        (("rounds", "--algorithm", "pbft"), "unknown-engine"),
        (("--workers", "0"), "no-workers"),
    ],
)
def test_bad_input(quorate: Quorate, words: tuple[str, ...], reason: str) -> None:
    done = quorate("bounds", *words)
    assert done.status == 2
    assert f"[{reason}]" in done.said
    assert not done.output


def test_a_page_that_cannot_be_written_is_told(quorate: Quorate, tmp_path: Path) -> None:
    done = quorate("bounds", "hexagon", "--workers", "1", "--page", tmp_path / "none" / "b.html")
    assert done.status == 2
    assert "Traceback" not in done.said
