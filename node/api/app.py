"""Builds the application: the whole route table, the middlewares, and the documents about both."""

import functools
import time

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client.aiohttp import make_aiohttp_handler

from node.api import accounts, blocks, event_stream, node_views, probes, transactions
from node.api.backend import Backend
from node.api.models import IndexAnswer, RouteAnswer
from node.api.openapi import make_document
from node.api.problems import answer_problems
from node.api.request_ids import add_id, log_requests
from node.api.routing import Api, Limits, Route, answer, bind
from node.api.server import settle_connection
from node.metrics import Metrics

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that get a series of their own in the metrics; a stranger can invent others."""

SECURITY_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


async def serve_metrics(api: Api, request: web.Request) -> web.StreamResponse:
    """Prometheus's text (or OpenMetrics, as asked for)."""
    return await make_aiohttp_handler(api.backend.metrics.registry)(request)


async def serve_openapi(api: Api, _request: web.Request) -> web.Response:
    """The OpenAPI document of this very table."""
    body = _encode_document(api.backend.status().version)
    return web.Response(body=body, content_type="application/json")


async def serve_index(api: Api, _request: web.Request) -> web.Response:
    """What can be asked here."""
    status = api.backend.status()
    listed = [RouteAnswer(method=one.method, path=one.path, summary=one.summary) for one in ROUTES]
    return answer(IndexAnswer(name=status.name, version=status.version, routes=listed))


ROUTES: tuple[Route, ...] = (
    Route("GET", "/", serve_index, "The list of routes.", {200: IndexAnswer}, "about"),
    *transactions.ROUTES,
    *blocks.ROUTES,
    *accounts.ROUTES,
    *node_views.ROUTES,
    *event_stream.ROUTES,
    *probes.ROUTES,
    Route("GET", "/metrics", serve_metrics, "Prometheus metrics.", {200: "text/plain"}, "about"),
    Route(
        "GET",
        "/openapi.json",
        serve_openapi,
        "This API as an OpenAPI document.",
        {200: "application/json"},
        "about",
    ),
)


@functools.cache
def _encode_document(version: str) -> bytes:
    return msgspec.json.encode(make_document(ROUTES, version))


def make_app(backend: Backend, limits: Limits | None = None) -> web.Application:
    """The HTTP API of one node; serve it with `node.api.server.open_server`."""
    api = Api(backend, limits or Limits())
    app = web.Application(
        middlewares=[
            settle_connection,
            log_requests(),
            measure_requests(backend.metrics),
            answer_problems,
        ],
        client_max_size=api.limits.batch_bytes_max,
    )
    app.on_response_prepare.append(add_headers)
    show_routes(backend.metrics)
    for route in ROUTES:
        handler = bind(route, api)
        path = route.pattern or route.path
        if route.method == "GET":
            app.router.add_get(path, handler)
        else:
            app.router.add_route(route.method, path, handler)
    return app


async def add_headers(_request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Nothing here is to be guessed at or kept by a cache; the id leads to the log."""
    response.headers.update(SECURITY_HEADERS)
    add_id(response)


def show_routes(metrics: Metrics) -> None:
    """Series of what every route may answer, from the start."""
    for route in ROUTES:
        for status in (*route.answers, *route.problems):
            metrics.http_requests.labels(route.path, route.method, str(status))
        metrics.http_request_seconds.labels(route.path)


def is_stream(response: web.StreamResponse) -> bool:
    """Does an answer last as long as its reader likes."""
    return response.status == 101 or response.content_type == "text/event-stream"


def measure_requests(metrics: Metrics) -> Middleware:
    """Count and time every request under its route's template, never under a stranger's path."""

    @web.middleware
    async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        response = await handler(request)
        resource = request.match_info.route.resource
        path = "unrouted" if resource is None else resource.canonical
        method = request.method if request.method in METHODS else "other"
        metrics.http_requests.labels(path, method, str(response.status)).inc()
        if not is_stream(response):
            metrics.http_request_seconds.labels(path).observe(time.perf_counter() - started)
        return response

    return measure
