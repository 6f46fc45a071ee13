"""From a page to HTML: templates that escape everything, and headers that let nothing else in."""

import functools
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from node.web import assets
from node.web.site import Page, Site
from node.web.words import FILTERS

TEMPLATES = Path(__file__).parent / "templates"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
"""Nothing inline, nothing from elsewhere, and nobody frames it."""
PAGE_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Vary": "Accept, HX-Request",
}
NAVIGATION = (
    ("overview", "/", "Overview"),
    ("blocks", "/blocks", "Blocks"),
    ("validators", "/validators", "Validators"),
    ("mempool", "/mempool", "Mempool"),
    ("peers", "/peers", "Peers"),
    ("forks", "/forks", "Forks"),
    ("charts", "/charts", "Charts"),
    ("docs", "/docs", "API"),
)


@functools.cache
def get_environment() -> Environment:
    """The templates; a name that a view does not have is an error, never an empty text."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(FILTERS)
    environment.globals["asset"] = assets.get_path
    return environment


def render(site: Site, request: web.Request, page: Page) -> web.Response:
    """The page, or only its live part where the page in the browser asks for that."""
    is_part = request.headers.get("HX-Request") == "true"
    backend = site.api.backend
    has_forks = bool(backend.tree(backend.chain.height))
    text = (
        get_environment()
        .get_template(page.template)
        .render(
            layout="part.html" if is_part else "layout.html",
            page=page,
            view=page.view,
            node=backend.status(),
            here=request.path_qs,
            navigation=[one for one in NAVIGATION if has_forks or one[0] != "forks"],
        )
    )
    policy = {**POLICY, **page.policy}
    headers = {
        **PAGE_HEADERS,
        **page.headers,
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
    }
    response = web.Response(
        text=text, status=page.status, content_type="text/html", headers=headers
    )
    response.enable_compression()
    return response
