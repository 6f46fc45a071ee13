"""The table of pages, how they are bound to their paths, and what people see instead of a problem."""

from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from node.api.problems import ProblemResponse
from node.api.queries import check_query
from node.api.routing import Api
from node.web import ledger_pages, network_pages
from node.web.assets import serve_asset
from node.web.rendering import render
from node.web.site import Page, PageHandler, Site

SITE = web.AppKey("site", Site)
ASSET_PATH = "/static/{digest}/{name}"


@dataclass(frozen=True, slots=True)
class PageRoute:
    """One path, who answers it, and the query parameters it knows."""

    path: str
    handler: PageHandler
    query: frozenset[str] = frozenset()


PAGES = (
    PageRoute("/", network_pages.show_overview),
    PageRoute("/blocks", ledger_pages.show_blocks, frozenset({"from"})),
    PageRoute("/blocks/{block}", ledger_pages.show_block, frozenset({"first"})),
    PageRoute("/transactions/{hash}", ledger_pages.show_transaction),
    PageRoute("/accounts/{address}", ledger_pages.show_account, frozenset({"key"})),
    PageRoute("/validators", network_pages.show_validators),
    PageRoute("/mempool", network_pages.show_mempool),
    PageRoute("/peers", network_pages.show_peers),
    PageRoute("/forks", network_pages.show_forks),
    PageRoute("/charts", network_pages.show_charts, frozenset({"span"})),
    PageRoute("/search", network_pages.show_search, frozenset({"q"})),
    PageRoute("/docs", network_pages.show_docs),
)
"""What a browser can open; machines find the same facts under `/v1`."""


def add_pages(app: web.Application, api: Api, index: Handler) -> None:
    """Serve the pages, and the scripts and styles they need; `index` answers machines at `/`."""
    site = app[SITE] = Site.of(api)
    for route in PAGES:
        page = bind_page(route, site)
        app.router.add_get(route.path, page if route.path != "/" else share_root(page, index))
    app.router.add_get(ASSET_PATH, serve_asset)


def bind_page(route: PageRoute, site: Site) -> Handler:
    """The page as aiohttp calls it."""

    async def handle(request: web.Request) -> web.StreamResponse:
        check_query(request, route.query)
        made = await route.handler(site, request)
        return render(site, request, made) if isinstance(made, Page) else made

    return handle


def share_root(page: Handler, index: Handler) -> Handler:
    """`/` is the page, but for those who name JSON and no HTML."""

    async def handle(request: web.Request) -> web.StreamResponse:
        accepted = request.headers.get("Accept", "")
        is_machine = "application/json" in accepted and "text/html" not in accepted
        return await (index if is_machine else page)(request)

    return handle


def wants_page(request: web.BaseRequest) -> bool:
    """Does somebody look at this with a browser: it names HTML, and the path is not the API's."""
    return "text/html" in request.headers.get("Accept", "") and not request.path.startswith("/v1/")


@web.middleware
async def explain_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A problem document for machines is a page for people."""
    response = await handler(request)
    if not isinstance(response, ProblemResponse) or not wants_page(request):
        return response
    problem = response.problem
    view = {
        "title": problem.title,
        "detail": problem.detail,
        "reason": problem.reason,
        "status": problem.status,
        "phrase": HTTPStatus(problem.status).phrase,
    }
    page = Page(
        "problem.html",
        problem.title,
        view,
        status=problem.status,
        is_live=False,
        headers=problem.headers,
    )
    return render(request.app[SITE], request, page)
