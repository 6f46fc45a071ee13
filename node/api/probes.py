"""Probes: does the process live, and may clients be sent here."""

from aiohttp import web

from node.api.models import ProbeAnswer
from node.api.routing import Api, Route, answer


async def serve_livez(_api: Api, _request: web.Request) -> web.Response:
    """Answering at all is the proof."""
    return answer(ProbeAnswer(ok=True, detail="alive"))


async def serve_readyz(api: Api, _request: web.Request) -> web.Response:
    """200 when ready, else 503 with the reason."""
    ok, detail = api.backend.ready()
    return answer(ProbeAnswer(ok=ok, detail=detail), 200 if ok else 503)


ROUTES = (
    Route("GET", "/livez", serve_livez, "Is the process alive.", {200: ProbeAnswer}, "probes"),
    Route(
        "GET",
        "/readyz",
        serve_readyz,
        "May clients be sent here.",
        {200: ProbeAnswer, 503: ProbeAnswer},
        "probes",
    ),
)
