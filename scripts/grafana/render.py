"""The dashboards as the text of their files: the same bytes each time."""

import json
from collections.abc import Callable
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from scripts.grafana.consensus import make_consensus
from scripts.grafana.forks import make_forks
from scripts.grafana.one_node import make_one_node
from scripts.grafana.overview import make_overview

FOLDER = Path(__file__).resolve().parents[2] / "docker" / "grafana" / "dashboards"
BOARDS: dict[str, Callable[[], Dashboard]] = {
    "overview.json": make_overview,
    "node.json": make_one_node,
    "consensus.json": make_consensus,
    "forks.json": make_forks,
}


def render() -> dict[str, str]:
    """The text of every file, by its name."""
    return {
        name: json.dumps(make(), cls=JSONEncoder, indent=1, sort_keys=True) + "\n"
        for name, make in BOARDS.items()
    }


def find_stale(folder: Path = FOLDER) -> list[str]:
    """Names of files that are missing, differ from the code, or are made by nothing."""
    texts = render()
    there = {file.name for file in folder.glob("*")}
    drifted = {name for name in there & set(texts) if (folder / name).read_text() != texts[name]}
    return sorted(drifted | (there ^ set(texts)))


def write(folder: Path = FOLDER) -> list[str]:
    """Write every file; returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in render().items():
        (folder / name).write_text(text, encoding="utf-8")
    return sorted(BOARDS)
