"""The page about the theorem: what is drawn is what was found."""

import re
from html import unescape
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from consensus.exploration.drawing.page import draw_page
from consensus.exploration.drawing.victim import Shown
from consensus.exploration.figures import find_valence, make_figures, take
from consensus.exploration.films import film_lasso, film_loss
from consensus.exploration.flp import VICTIMS, Finding
from consensus.exploration.flp_report import list_losses, make_report, show_loss, show_weak


@pytest.fixture(scope="module")
def shown(duel: Finding) -> Shown:
    victim = VICTIMS["paxos"]
    return Shown(make_report(victim, duel, 2), make_figures(duel), film_lasso(victim, duel))


@pytest.fixture(scope="module")
def page(shown: Shown) -> str:
    losses = [(show_loss(loss), film_loss(loss)) for loss in list_losses()]
    return draw_page([shown], losses, show_weak())


def find_all(page: str, name: str) -> list[Any]:
    root = ET.fromstring(page.removeprefix("<!DOCTYPE html>\n"))
    return [one for one in root.iter() if one.tag.rpartition("}")[2] == name]


def test_the_page_stands_alone(page: str) -> None:
    assert "default-src 'none'" in unescape(page)
    assert not re.findall(r"(?:src|href)=\"(?!#)", page)
    names = [one.get("id") for one in find_all(page, "marker")]
    assert len(names) == len(set(names)) > 3
    links = [one.get("href", "") for one in find_all(page, "a")]
    assert links == ["#paxos", "#straw-men"]
    assert all(f'id="{link[1:]}"' in page for link in links)


def test_every_figure_has_words_and_a_number(page: str) -> None:
    checks = [one for one in find_all(page, "p") if one.get("class") == "check"]
    assert len(find_all(page, "figure")) == 5 + 3
    assert len(checks) == 5 + 3 + 1
    assert all(re.search(r"\d", "".join(one.itertext())) for one in checks)
    labels = [one.get("aria-label") for one in find_all(page, "div") if one.get("tabindex")]
    assert len(labels) == len(set(labels)) == 5 + 3


def test_a_lasso_is_bivalent_and_what_it_avoids_is_not(shown: Shown) -> None:
    figures = shown.figures
    assert len(figures.halts) == len(shown.report["lasso"]["prefix"]) + len(
        shown.report["lasso"]["loop"]
    )
    avoided = [valence for halt in figures.halts for _, valence in halt.others]
    assert {"0", "1", "01"} >= set(avoided)
    assert {"0", "1"} <= set(avoided)


@pytest.mark.parametrize("name", ["finding", "duel"])
def test_the_colour_of_a_diamond_turns_where_both_steps_are_of_one_participant(
    name: str, request: pytest.FixtureRequest
) -> None:
    diamond = make_figures(request.getfixturevalue(name)).diamond
    assert diamond is not None
    assert set(diamond.upper) == {"01"}
    assert diamond.lower[0] in {"0", "1"}
    assert diamond.lower[-1] == "01"
    assert diamond.receivers[-1] == diamond.receiver


def test_layers_are_one_step_apart(duel: Finding, shown: Shown) -> None:
    layers = shown.figures.layers
    assert layers is not None
    assert [len(layer) for layer in layers.valences][:2] == [1, 6]
    start = duel.starts[layers.inputs]
    following = {take(duel.oracle, start, move) for move, _, _ in duel.oracle.steps(start)}
    found = sorted(find_valence(duel.oracle, one) for one in following if one is not None)
    assert found == sorted(layers.valences[1])


def test_the_film_decides_only_after_the_adversary_lets_go(shown: Shown) -> None:
    release = next(entry for entry in shown.film if entry.detail == "the adversary lets go")
    decided = [entry for entry in shown.film if entry.kind == "decide"]
    assert len(decided) == 3
    assert all(entry.at_ms > release.at_ms for entry in decided)
    assert len({entry.detail for entry in decided}) == 1


def test_the_film_of_each_straw_man_shows_its_loss() -> None:
    films = {loss.straw_man: film_loss(loss) for loss in list_losses()}
    decided = {
        name: sorted(entry.detail for entry in film if entry.kind == "decide")
        for name, film in films.items()
    }
    assert decided["wait-for-all"] == []
    assert decided["first-heard"] == ["0", "0", "1"] or len(set(decided["first-heard"])) == 2
    assert decided["always-0"] == ["0", "0", "0"]
