"""The queries of the committed dashboards, as Grafana would ask them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.grafana.render import BOARDS, FOLDER

LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+), *(?P<label>\w+)\)")
VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """One query of one panel, with variables in it."""

    board: str
    panel: str
    kind: str
    unit: str
    ref: str
    expr: str
    legend: str

    def __str__(self) -> str:
        """Where to find it."""
        return f"{self.board}: {self.panel!r} {self.ref}"


@dataclass(frozen=True, slots=True)
class ValuesQuery:
    """A variable whose values are those of a label: of which series, and of which label."""

    board: str
    name: str
    selector: str
    label: str


def load_boards(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """The committed dashboards by the names of their files."""
    return {name: json.loads((folder / name).read_text(encoding="utf-8")) for name in BOARDS}


def walk_panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels, those of collapsed rows too."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", ())


def list_queries(board: Mapping[str, Any]) -> list[PanelQuery]:
    """Every query of every panel."""
    return [
        PanelQuery(
            board["title"],
            panel["title"],
            panel["type"],
            panel["fieldConfig"]["defaults"]["unit"],
            target["refId"],
            target["expr"],
            target["legendFormat"],
        )
        for panel in walk_panels(board)
        for target in panel.get("targets", ())
    ]


def list_variables(board: Mapping[str, Any]) -> list[ValuesQuery]:
    """Every variable that asks Prometheus; raises `ValueError` where one asks in another way."""
    found = []
    for variable in board["templating"]["list"]:
        if variable["type"] == "datasource":
            continue
        asked = LABEL_VALUES.fullmatch(variable["query"]["query"])
        if asked is None:
            raise ValueError(f"{board['title']}: ${variable['name']} asks for no label's values")
        found.append(
            ValuesQuery(board["title"], variable["name"], asked["selector"], asked["label"])
        )
    return found


def substitute(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables filled in; raises `KeyError` for one that nobody knows."""
    return VARIABLE.sub(lambda found: values[found[1] or found[2]], text)


def format_legend(legend: str, labels: Mapping[str, str]) -> str:
    """What Grafana would call a series."""
    return re.sub(r"\{\{ *(\w+) *\}\}", lambda found: labels.get(found[1], ""), legend).strip()


def find_query(queries: Sequence[PanelQuery], panel: str) -> list[PanelQuery]:
    """The queries of the panel of this title; raises `KeyError` where there is none."""
    found = [query for query in queries if query.panel == panel]
    if not found:
        raise KeyError(panel)
    return found
