"""`quorate complexity`: counts beside formulas."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from consensus.simulation.costs import Case, Cost, measure
from consensus.simulation.overview import Measured, measure_job
from node.cli import complexity, complexity_overview
from tests.node.cli.conftest import Quorate


@pytest.fixture
def overstated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A formula that says one commit too many, for five nodes."""

    def measure_wrongly(case: Case, engine: str, nodes: int) -> Cost:
        cost = measure(case, engine, nodes)
        formula = dict(cost.formula)
        if nodes == 5 and case is Case.GOOD:
            formula["Commit"] += 1
        return Cost(
            case, engine, nodes, cost.faults, cost.counted, formula, cost.delays, cost.reading
        )

    monkeypatch.setattr(complexity, "measure", measure_wrongly)


def test_tables_for_people(quorate: Quorate) -> None:
    done = quorate("complexity", "--engine", "pbft", "--nodes", "4:5", "--workers", "1")
    assert done.status == 0, done.said
    lines = [line.split() for line in done.output.splitlines()]
    assert ["n", "Commit", "PrePrepare", "Prepare", "formula", "rounds"] in [w[:6] for w in lines]
    assert ["4", "12", "3", "9", "=", "24", "3"] in [words[:7] for words in lines]
    assert ["5", "4", "28", "16", "=", "48"] in [words[:6] for words in lines]
    assert "4 of 4 equal their formula" in done.said


def test_json_for_machines(quorate: Quorate) -> None:
    done = quorate(
        "complexity",
        "--engine",
        "pbft",
        "--nodes",
        "7",
        "--case",
        "good",
        "--json",
        "--workers",
        "1",
    )
    assert done.status == 0
    report: dict[str, Any] = done.json()
    assert (report["engine"], report["equal"]) == ("pbft", True)
    [cost] = report["costs"]
    assert cost["counted"] == cost["formula"] == {"Commit": 42, "PrePrepare": 6, "Prepare": 36}
    assert (cost["case"], cost["nodes"], cost["faults"]) == ("good", 7, 2)
    assert cost["rounds"] == cost["delays"] == 3
    assert (cost["writes"], cost["first_ms"], cost["all_ms"]) == (14, 15, 15)
    assert set(cost["bytes"]) == {"Commit", "PrePrepare", "Prepare"}
    assert cost["state_bytes_peak"] > 1_000


def test_processes_measure_the_same(quorate: Quorate) -> None:
    words = ("complexity", "--engine", "pbft", "--nodes", "4:12", "--json", "--workers")
    assert quorate(*words, "2").json() == quorate(*words, "1").json()


@pytest.mark.usefixtures("overstated")
def test_a_count_that_differs_fails_and_is_named(quorate: Quorate) -> None:
    done = quorate("complexity", "--engine", "pbft", "--nodes", "4:6", "--workers", "1")
    assert done.status == 1
    assert "5 of 6 equal their formula" in done.said
    assert "good, n = 5" in done.said
    assert "40 ≠ 41" in done.output
    done = quorate("complexity", "--engine", "pbft", "--nodes", "4:6", "--workers", "1", "--json")
    assert done.status == 1
    report = done.json()
    assert report["equal"] is False
    assert [cost["nodes"] for cost in report["costs"] if not cost["equal"]] == [5]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--engine", "paxox", "--nodes", "4"), "unknown-engine"),
        (("--nodes", "four"), "bad-range"),
        (("--nodes", "9:4"), "bad-range"),
        (("--nodes", "-4:4"), "bad-range"),
        (("--nodes", "4:9999999999999999"), "bad-range"),
        (("--nodes", "0:4"), "cannot-be-measured"),
        (("--nodes", "4:257"), "cannot-be-measured"),
        (("--nodes", "1:4"), "bad-range"),
        (("--case", "bad"), "unknown-case"),
        (("--workers", "0"), "no-workers"),
    ],
)
def test_bad_input(quorate: Quorate, words: tuple[str, ...], reason: str) -> None:
    engine = () if "--engine" in words else ("--engine", "pbft")
    done = quorate("complexity", *engine, *words)
    assert done.status == 2
    assert f"[{reason}]" in done.said
    assert not done.output


def test_the_good_case_of_few_nodes_can_be_measured(quorate: Quorate) -> None:
    done = quorate(
        "complexity",
        "--engine",
        "pbft",
        "--nodes",
        "1:3",
        "--case",
        "good",
        "--workers",
        "1",
        "--json",
    )
    assert done.status == 0
    assert [sum(cost["counted"].values()) for cost in done.json()["costs"]] == [0, 4, 12]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two protocols stand for all."""
    monkeypatch.setattr(
        complexity_overview, "list_jobs", lambda: [("agreement", "k-set"), ("synchronous", "early")]
    )


@pytest.mark.usefixtures("few")
def test_every_protocol_in_words_and_on_a_page(quorate: Quorate, tmp_path: Path) -> None:
    page = tmp_path / "costs.html"
    done = quorate("complexity", "--workers", "1", "--page", str(page))
    assert done.status == 0, done.said
    assert "k-set (agreement), n = 3 to 55: the formula n(n − 1) holds" in done.output
    assert "messages n² − n" in done.output
    assert "over f, n = 11: messages 220, bytes" in done.output
    assert "1/2 protocols: agreement k-set, 12 sizes, messages n² − n" in done.said
    assert "equal their formula" in done.said
    assert "What agreement costs" in page.read_text(encoding="utf-8")


def spoil(job: tuple[str, str]) -> Measured:
    """One committee only, and it took longer than claimed."""
    found = measure_job(job)
    return msgspec.structs.replace(
        found, along_n=(msgspec.structs.replace(found.along_n[0], rounds=9),)
    )


@pytest.mark.usefixtures("few")
def test_every_protocol_for_machines(quorate: Quorate, monkeypatch: pytest.MonkeyPatch) -> None:
    done = quorate("complexity", "--workers", "1", "--json")
    assert done.status == 0
    report: dict[str, Any] = done.json()
    assert report["equal"] is True
    [weak, early] = report["protocols"]
    assert (weak["name"], early["family"]) == ("k-set", "synchronous")
    assert weak["along_n"][0]["messages"] == 6
    assert {fit["quantity"] for fit in weak["fits"]} >= {"messages", "bytes", "state", "writes"}
    monkeypatch.setattr(
        complexity_overview,
        "measure_job",
        spoil,
    )
    done = quorate("complexity", "--workers", "1")
    assert done.status == 1
    assert "in 9 rounds, not" in done.said
    assert "DIFFERS" in done.output


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--nodes", "4:5"), "no-engine"),
        (("--case", "good"), "no-engine"),
        (("--engine", "pbft", "--page", "a.html"), "page-of-one-engine"),
        (("--page", "/no/such/folder/a.html"), "output-unwritable"),
    ],
)
def test_options_that_do_not_go_together(
    quorate: Quorate, words: tuple[str, ...], reason: str
) -> None:
    done = quorate("complexity", *words)
    assert done.status == 2
    assert f"[{reason}]" in done.said
