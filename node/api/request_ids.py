"""One id per request, in its answer and on every line that is logged while it is served.

A client that sends a well-formed `X-Request-ID` gets it back; everybody else gets a new one. Whoever
quotes it can be answered from the log.
"""

import logging
import re
import secrets
import time
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from structlog.contextvars import bound_contextvars, get_contextvars

_log = structlog.get_logger(__name__)
_standard = logging.getLogger(__name__)
"""Asked whether it is worth it to make a line: every request passes here."""

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
ID_BYTES = 8

SLOW_S = 1.0
QUIET_S = 1.0
"""Under overload every answer is slow: one line a second tells of them, and how many there were."""


def choose_id(request: web.BaseRequest) -> str:
    """The client's own where it can be put into a log as it is; else a new one."""
    given = request.headers.get(HEADER, "")
    return given if WELL_FORMED.fullmatch(given) else secrets.token_hex(ID_BYTES)


def add_id(response: web.StreamResponse) -> None:
    """For answers that begin while they are made, as streams do."""
    if id_ := get_contextvars().get("request"):
        response.headers[HEADER] = id_


def is_waiting(request: web.Request, response: web.StreamResponse) -> bool:
    """Did the client itself ask for an answer that takes its time, or for a stream."""
    waits = {"wait", "consistency"} & request.query.keys()
    return bool(waits) or not isinstance(response, web.Response)


@dataclass(slots=True)
class SlowRequests:
    """Tells of slow requests, once in `QUIET_S`."""

    told_at: float = float("-inf")
    untold: int = 0

    def tell(self, now: float, path: str, status: int, took_s: float) -> None:
        """One request was slow."""
        self.untold += 1
        if now - self.told_at >= QUIET_S:
            _log.warning(
                "slow requests", count=self.untold, path=path, status=status, ms=int(took_s * 1000)
            )
            self.told_at, self.untold = now, 0


def log_requests() -> Middleware:
    """Name each request, and log it: at debug, or as slow; faults are logged where they are caught."""
    slow = SlowRequests()

    @web.middleware
    async def serve(request: web.Request, handler: Handler) -> web.StreamResponse:
        id_ = choose_id(request)
        with bound_contextvars(request=id_):
            started = time.perf_counter()
            response = await handler(request)
            if not response.prepared:
                response.headers[HEADER] = id_
            now = time.perf_counter()
            resource = request.match_info.route.resource
            path = "unrouted" if resource is None else resource.canonical
            took_s = now - started
            if _standard.isEnabledFor(logging.DEBUG):
                _log.debug(
                    "request",
                    method=request.method,
                    path=path,
                    status=response.status,
                    ms=round(took_s * 1000, 1),
                )
            if took_s > SLOW_S and not is_waiting(request, response):
                slow.tell(now, path, response.status, took_s)
            return response

    return serve
