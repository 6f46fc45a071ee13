"""The dashboards: the committed files are what the code says, and every panel helps a reader."""

import itertools
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from scripts.grafana.command import main
from scripts.grafana.queries import (
    format_legend,
    list_queries,
    list_variables,
    load_boards,
    substitute,
    walk_panels,
)
from scripts.grafana.render import BOARDS, find_stale, write

WIDTH = 24
BUILT_IN = {"__rate_interval"}


@pytest.fixture(params=sorted(BOARDS))
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    return load_boards()[request.param]


def list_drawn(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in walk_panels(board) if panel["type"] not in {"row", "text"}]


def test_the_committed_files_are_what_the_code_says() -> None:
    assert find_stale() == [], "run ./scripts/dashboards and commit what it writes"


def test_drift_is_noticed(tmp_path: Path) -> None:
    assert find_stale(tmp_path) == sorted(BOARDS)
    assert write(tmp_path) == sorted(BOARDS)
    assert find_stale(tmp_path) == []
    (tmp_path / "forks.json").write_text("{}\n")
    (tmp_path / "old.json").write_text("{}\n")
    assert find_stale(tmp_path) == ["forks.json", "old.json"]


def test_the_command_tells_of_drift(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--check"]) == 0
    monkeypatch.setattr("scripts.grafana.command.find_stale", lambda: ["forks.json"])
    assert main(["--check"]) == 1
    assert "forks.json is not what the code says" in capsys.readouterr().out


def test_every_panel_says_what_it_shows_and_what_to_do(board: dict[str, Any]) -> None:
    panels = list_drawn(board)
    assert len(panels) > 10
    for panel in panels:
        assert len(panel["description"].split()) >= 4, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            assert target["legendFormat"], panel["title"]
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    titles = [panel["title"] for panel in walk_panels(board) if panel["type"] != "text"]
    assert len(set(titles)) == len(titles)


def test_names_by_which_others_find_them_stay() -> None:
    assert {name: board["uid"] for name, board in load_boards().items()} == {
        "overview.json": "quorate-overview",
        "node.json": "quorate-node",
        "consensus.json": "quorate-consensus",
        "forks.json": "quorate-forks",
    }


def test_numbers_of_panels_differ_and_none_covers_another(board: dict[str, Any]) -> None:
    panels = list(walk_panels(board))
    assert sorted(panel["id"] for panel in panels) == list(range(1, len(panels) + 1))
    places = [panel["gridPos"] for panel in panels]
    for place in places:
        assert 0 <= place["x"] < place["x"] + place["w"] <= WIDTH
    for one, other in itertools.combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        beneath = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or beneath, (one, other)


def test_every_query_is_about_the_chosen_network(board: dict[str, Any]) -> None:
    known = {variable.name for variable in list_variables(board)} | BUILT_IN
    assert known >= {"network", "node"}
    for query in list_queries(board):
        assert 'network="$network"' in query.expr, str(query)
        substitute(query.expr, dict.fromkeys(known, "x"))


def test_an_unknown_variable_is_noticed() -> None:
    assert substitute('a{n="$n"}[$__w] ${n}', {"n": "x", "__w": "5s"}) == 'a{n="x"}[5s] x'
    with pytest.raises(KeyError, match="other"):
        substitute("$other", {"n": "x"})


def test_legends_are_filled_in() -> None:
    assert format_legend("{{node}} {{ kind }}", {"node": "a"}) == "a"
    assert format_legend("p95", {}) == "p95"


def test_provisioning_names_the_source_and_the_folder(root: Path) -> None:
    folder = root / "docker" / "grafana" / "provisioning"
    yaml = YAML(typ="safe")
    (source,) = yaml.load(folder / "datasources" / "prometheus.yml")["datasources"]
    scrapes = yaml.load(root / "docker" / "prometheus" / "prometheus.yml")["global"]
    assert source["type"] == "prometheus"
    assert source["jsonData"]["timeInterval"] == scrapes["scrape_interval"]
    (provider,) = yaml.load(folder / "dashboards" / "quorate.yml")["providers"]
    assert provider["options"]["path"] == "/etc/grafana/dashboards"
    assert not provider["allowUiUpdates"]


def test_the_script_starts(root: Path) -> None:
    done = subprocess.run(
        [root / "scripts" / "dashboards", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--draw" in done.stdout
