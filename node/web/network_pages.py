"""Pages about the network as it is now: overview, validators, mempool, peers, forks, charts, search."""

from aiohttp import web

from node.api.queries import read_choice
from node.pulse import Span
from node.web.site import Page, Site
from node.web.views import search as searching
from node.web.views.blocks import make_rows
from node.web.views.charts import make_charts
from node.web.views.forks import make_fork_page
from node.web.views.headline import make_headline
from node.web.views.transactions import make_row
from node.web.views.validators import make_committee

LATEST_BLOCKS = 8
GRID_BLOCKS = 24
PENDING_SHOWN = 100
TREE_HEIGHTS = 24
CHART_STYLES = ("uPlot.min.css",)
CHART_SCRIPTS = ("uPlot.iife.min.js", "charts.js")


async def show_overview(site: Site, _request: web.Request) -> Page:
    """Does it move, how fast, and what came last."""
    backend = site.api.backend
    chain, status = backend.chain, backend.status()
    lowest = max(chain.height - LATEST_BLOCKS, -1)
    facts = site.shelf.list(range(chain.height, lowest, -1))
    view = {
        "headline": make_headline(backend.engine_view().findings, status.alarms),
        "rows": make_rows(facts, status.final_height, status.certified_height),
        "charts": make_charts(
            backend.samples(Span.MINUTES), Span.MINUTES, ("throughput", "latency")
        ),
    }
    return Page(
        "overview.html", "Overview", view, "overview", styles=CHART_STYLES, scripts=CHART_SCRIPTS
    )


async def show_validators(site: Site, _request: web.Request) -> Page:
    """Who decides, and who stood behind each of the latest blocks."""
    backend = site.api.backend
    chain = backend.chain
    first = max(1, chain.height - GRID_BLOCKS + 1)
    facts = site.shelf.list(range(first, chain.height + 1))
    standings = backend.engine_view().members
    view = make_committee(backend.validators(), standings, chain.membership(), facts)
    return Page("validators.html", "Validators", view, "validators")


async def show_mempool(site: Site, _request: web.Request) -> Page:
    """What waits, and what was turned away."""
    backend = site.api.backend
    rows = [make_row(one.id, one.transaction, "pending") for one in backend.pending(PENDING_SHOWN)]
    view = {"pool": backend.mempool_view(), "rows": rows, "shown_max": PENDING_SHOWN}
    return Page("mempool.html", "Mempool", view, "mempool")


async def show_peers(site: Site, _request: web.Request) -> Page:
    """To whom this node has links."""
    return Page("peers.html", "Peers", site.api.backend.peers(), "peers")


async def show_forks(site: Site, _request: web.Request) -> Page:
    """The tree of blocks, where the head may move to another branch."""
    backend = site.api.backend
    chain = backend.chain
    if (forks := backend.engine_view().forks) is None:
        return Page("no_forks.html", "Forks", None, "forks", is_live=False)
    blocks = backend.tree(max(0, chain.height - TREE_HEIGHTS))
    keys = chain.membership().keys
    view = make_fork_page(forks, blocks, chain.final_height, keys)
    return Page("forks.html", "Forks", view, "forks")


async def show_charts(site: Site, request: web.Request) -> Page:
    """Everything over time."""
    span = Span(read_choice(request, "span", tuple(Span)) or Span.MINUTES)
    view = make_charts(site.api.backend.samples(span), span)
    return Page(
        "charts.html",
        "Charts",
        view,
        "charts",
        is_live=False,
        styles=CHART_STYLES,
        scripts=CHART_SCRIPTS,
    )


async def show_search(site: Site, request: web.Request) -> Page | web.Response:
    """Leads to what was typed, or says why nowhere."""
    backend = site.api.backend
    found = searching.search(
        request.query.get("q", ""),
        backend.chain.height,
        lambda id_: backend.chain.header_by_id(id_) is not None,
        lambda id_: backend.transaction(id_) is not None,
    )
    if isinstance(found, searching.Found):
        return web.Response(status=303, headers={"Location": found.path})
    status = 404 if found.typed else 200
    return Page("search.html", "Search", found, status=status, is_live=False)


async def show_docs(_site: Site, _request: web.Request) -> Page:
    """The API's documentation, from its own OpenAPI document."""
    return Page(
        "docs.html",
        "API",
        None,
        "docs",
        is_live=False,
        styles=("swagger-ui.css", "docs.css"),
        scripts=("swagger-ui-bundle.js", "docs.js"),
        policy={"img-src": "'self' data:"},  # its style sheet holds its icons
    )
