"""The route table's vocabulary: one `Route` is both what the server does and what OpenAPI says."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import pydantic_core
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel

from node.api.backend import Backend
from node.api.cursors import CURSOR_CHARS_MAX
from node.api.models import Answer
from node.api.problems import Problem
from node.api.queries import check_query


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may ask for.

    A transaction in JSON takes a little more than twice its canonical bytes; `*_bytes_max` are
    those of the whole body. A batch of 1,000 transfers is some 250 kB of msgpack.
    """

    batch_transactions_max: int = 2000
    batch_bytes_max: int = 8 * 1024 * 1024
    transaction_body_bytes_max: int = 512 * 1024
    wait_s_max: float = 60.0
    wait_s_default: float = 10.0
    read_s_default: float = 5.0
    """How long a linearizable read may take to be confirmed."""


@dataclass(frozen=True, slots=True)
class Api:
    """What every handler gets: the node behind the API, and the limits."""

    backend: Backend
    limits: Limits


ApiHandler: TypeAlias = Callable[[Api, web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query or path parameter, with its JSON schema."""

    name: str
    description: str
    schema: Mapping[str, Any]
    where: Literal["query", "path"] = "query"


@dataclass(frozen=True, slots=True)
class Media:
    """An answer that is no JSON document: a stream of events in JSON of the form `model`.

    No name means no body.
    """

    name: str
    model: type[Answer] | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One operation.

    `answers` maps each success status to a model, or to a media type where the answer is none.
    `problems` are the further statuses it may give; `bodies` maps media types of the request body
    to their model or JSON schema.
    """

    method: str
    path: str
    handler: ApiHandler
    summary: str
    answers: Mapping[int, type[Answer] | Media | str]
    tag: str
    parameters: tuple[Parameter, ...] = ()
    bodies: Mapping[str, type[BaseModel] | Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[int, ...] = ()
    description: str = ""
    pattern: str = ""
    """The path as the router matches it, where that says more than `path`."""

    @property
    def query_names(self) -> frozenset[str]:
        """The query parameters it knows."""
        return frozenset(one.name for one in self.parameters if one.where == "query")


def bind(route: Route, api: Api) -> Handler:
    """The route's handler as aiohttp calls it."""
    names = route.query_names

    async def handle(request: web.Request) -> web.StreamResponse:
        check_query(request, names)
        return await route.handler(api, request)

    return handle


def answer(
    model: Answer, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A JSON answer from a model."""
    return web.Response(
        body=pydantic_core.to_json(model),
        status=status,
        headers=headers,
        content_type="application/json",
    )


def read_path(request: web.Request, name: str, size: int | None = None) -> bytes:
    """Bytes in lower-case hex from the path, of `size` bytes where it is given."""
    text = request.match_info[name]
    if text == text.lower() and text.isascii() and text.isalnum() and not len(text) % 2:
        try:
            value = bytes.fromhex(text)
        except ValueError as error:
            raise Problem("path-invalid", f"{name} is lower-case hex") from error
        if size is None or len(value) == size:
            return value
    what = "lower-case hex" if size is None else f"{size} bytes in lower-case hex"
    raise Problem("path-invalid", f"{name} is {what}")


HASH_SCHEMA: Mapping[str, Any] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
PROOF = Parameter("proof", "1 adds a proof.", {"type": "string", "enum": ["0", "1"]})
LIMIT_MAX = 100
LIMIT = Parameter(
    "limit",
    f"How many at most, 1 to {LIMIT_MAX}.",
    {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": 20},
)
LIMIT_DEFAULT = 20
CURSOR_SCHEMA: Mapping[str, Any] = {
    "type": "string",
    "pattern": "^[A-Za-z0-9_-]+$",
    "maxLength": CURSOR_CHARS_MAX,
}
CURSOR = Parameter("cursor", "The `next` of the page before.", CURSOR_SCHEMA)
