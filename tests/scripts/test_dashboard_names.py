"""Dashboards and alert rules ask for families that nodes have, on engines that have them."""

import re
from pathlib import Path

import pytest

from consensus import catalog
from node.measures.catalogue import Family, list_families
from scripts.grafana.queries import list_queries, load_boards

NAME = re.compile(r"\bquorate_[a-z_]+")
ENGINE = re.compile(r'quorate_build_info\{engine="(\w+)"\}')
SUFFIXES = ("_bucket", "_sum", "_count")
TREES = {"pow"}


@pytest.fixture(scope="module")
def families() -> dict[str, Family]:
    return {family.name: family for family in list_families()}


def find_names(text: str, families: dict[str, Family]) -> set[str]:
    """The families that a text names, by their own names."""
    names = set()
    for name in NAME.findall(text):
        suffix = next((one for one in SUFFIXES if name.endswith(one)), "")
        base = name.removesuffix(suffix)
        is_part = base in families and families[base].kind == "histogram"
        names.add(base if suffix and is_part else name)
    return names


def test_every_family_of_a_panel_exists(families: dict[str, Family]) -> None:
    for file, board in load_boards().items():
        for query in list_queries(board):
            names = find_names(query.expr, families)
            assert names <= set(families), str(query)
            engines = set(ENGINE.findall(query.expr)) or (TREES if file == "forks.json" else set())
            for name in names:
                has = set(families[name].engines)
                assert engines <= has if engines else len(has) == len(catalog.names()), (
                    f"{query}: {name}"
                )


def test_every_family_of_an_alert_exists(root: Path, families: dict[str, Family]) -> None:
    text = (root / "docker" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    names = find_names(text, families)
    assert len(names) > 15
    assert names <= set(families)


def test_a_family_that_nobody_has_is_noticed(families: dict[str, Family]) -> None:
    found = find_names("rate(quorate_http_request_seconds_bucket[1m]) + quorate_lost", families)
    assert found - set(families) == {"quorate_lost"}
