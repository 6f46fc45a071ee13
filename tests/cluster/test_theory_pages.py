"""The pages about the theorem and about costs in a real Chromium: clean, light and dark, on a phone."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from consensus.exploration.drawing.page import draw_page
from consensus.exploration.drawing.victim import Shown
from consensus.exploration.figures import make_figures
from consensus.exploration.films import film_lasso, film_loss
from consensus.exploration.flp import VICTIMS, examine
from consensus.exploration.flp_report import list_losses, make_report, show_loss, show_weak
from consensus.simulation.cost_page import draw_costs
from consensus.simulation.overview import AGREEMENT, CHANGE, ENGINE, SYNCHRONOUS, measure_job
from tests.node.web.browser import DESKTOP, PHONE, open_browser, open_page

pytestmark = pytest.mark.cluster
JOBS = [(ENGINE, "paxos"), (CHANGE, "paxos"), (AGREEMENT, "k-set"), (SYNCHRONOUS, "flood-min")]
VIEWS: dict[str, dict[str, Any]] = {
    "desktop": DESKTOP,
    "dark phone": {**PHONE, "color_scheme": "dark"},
}


@pytest.fixture
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with open_browser(chromium) as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both pages, of few protocols."""
    made = tmp_path_factory.mktemp("pages")
    victim = VICTIMS["paxos"]
    found = examine(victim, [(0, 0, 1)])
    shown = Shown(make_report(victim, found, 2), make_figures(found), film_lasso(victim, found))
    losses = [(show_loss(loss), film_loss(loss)) for loss in list_losses()]
    (made / "flp.html").write_text(draw_page([shown], losses, show_weak()), encoding="utf-8")
    costs = draw_costs(list(map(measure_job, JOBS)))
    (made / "costs.html").write_text(costs, encoding="utf-8")
    return made


@pytest.mark.parametrize("view", VIEWS)
async def test_both_pages_are_clean(folder: Path, browser: Browser, view: str) -> None:
    """No error, nothing asked of anybody, nothing wide, nothing inaccessible, also when unfolded."""
    async with open_page(browser, folder.as_uri(), **VIEWS[view]) as watched:
        for name in ("flp.html", "costs.html"):
            await watched.open(f"/{name}")
            await watched.page.evaluate("document.querySelectorAll('details').forEach(d=>d.open=1)")
            assert await watched.find_faults() == []


async def test_parts_unfold_by_keyboard(folder: Path, browser: Browser) -> None:
    async with open_page(browser, folder.as_uri(), **DESKTOP) as watched:
        await watched.open("/flp.html")
        is_open = "document.getElementById('paxos').open"
        assert await watched.page.evaluate(is_open)
        await watched.page.locator("#paxos > summary").focus()
        await watched.page.keyboard.press("Enter")
        assert not await watched.page.evaluate(is_open)
