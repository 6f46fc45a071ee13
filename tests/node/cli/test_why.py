"""`quorate status --why` without a network: how it is asked, and what it says then."""

from pathlib import Path

import pytest

from node.cli import why
from node.diagnosis.network import Told
from node.testnet.network import create_network
from node.testnet.plan import Plan
from tests.node.cli.conftest import Quorate
from tests.node.diagnosis.bench import Bench
from tests.node.diagnosis.telling import tell, tell_all

NOBODY = "http://127.0.0.1:1"


def test_nobody_answers(quorate: Quorate) -> None:
    done = quorate("status", "--why", "--url", NOBODY)
    assert done.status == 1
    assert done.output.startswith("the node does not answer  [node-down]")
    told = quorate("status", "--why", "--json", "--node", NOBODY, "--node", NOBODY)
    assert told.status == 1
    answer = told.json()
    assert (answer["code"], answer["headline"]) == ("node-down", "none of 2 nodes answers")
    assert [node["answers"] for node in answer["nodes"]] == [False, False]


def test_a_testnet_is_found_in_the_present_folder(
    quorate: Quorate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = create_network(tmp_path / "net", Plan(validators=1)).home
    monkeypatch.chdir(home)
    done = quorate("status", "--why")
    assert done.status == 1
    assert "validator-0: its process does not run" in done.output
    assert quorate("status", "--why", "--home", home, "--json").json()["nodes"][0]["process"] == (
        "down"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("--url", NOBODY, "--url", NOBODY),
        ("--home", "."),
        ("--why", "--home", ".", "--url", NOBODY),
    ],
)
def test_words_that_do_not_go_together(quorate: Quorate, words: tuple[str, ...]) -> None:
    done = quorate("status", *words)
    assert done.status == 1
    assert "[bad-request]" in done.said


def test_one_node_shows_everybody_that_it_hears_and_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = Bench("pbft", 4)
    bench.work()
    bench.cluster.crash(2)
    bench.cluster.crash(3)
    bench.cluster.submit("pay")
    bench.run(4_000)
    assert not why.explain([tell(bench, 0)], json=False)
    shown = capsys.readouterr().out
    assert "2 of 4 validators unreachable (validator-2, validator-3); 3 are needed" in shown
    assert "→ Start validator-2 and validator-3 again" in shown
    assert "waits for view-changes: 2 of 3 (validator-0 and validator-1)" in shown
    assert shown.count("missing") == 2


def test_several_nodes_show_what_each_says(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench("pbft", 4)
    bench.work()
    bench.run(2_000)
    bench.cluster.crash(3)
    bench.run(1_000)
    assert why.explain(tell_all(bench), json=False)
    shown = capsys.readouterr().out
    assert "3 of 4 nodes are well" in shown
    assert shown.count("at rest: nothing to do since block 8") == 3
    assert why.explain([Told("a", "b"), tell(bench, 0)], json=True)
