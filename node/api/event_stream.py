"""`/v1/events`: what happens here, as it happens and from an earlier cursor on."""

from urllib.parse import urlsplit

from aiohttp import web
from pydantic_core import PydanticCustomError

from node.api.event_outlets import make_outlet
from node.api.fields import parse_address, parse_hex
from node.api.node_models import EventAnswer
from node.api.problems import Problem
from node.api.queries import read_choice
from node.api.routing import Api, Media, Parameter, Route
from node.api.server import BoundedHandler
from node.events.cursor import CURSOR_PATTERN, Position
from node.events.hub import CursorError, EventHub, TooManyError
from node.events.kinds import ALL_KINDS, Filter, Kind

NAMES_MAX = 100
"""Addresses, or transactions, that one subscriber may name."""
RETRY_AFTER_S = 5
CURSOR_CHARS_MAX = 48


def read_list(request: web.Request, name: str) -> list[str]:
    """Values of a parameter with commas between them, each once; none where it is absent."""
    text = request.query.get(name)
    if text is None:
        return []
    values = text.split(",")
    if "" in values or len(set(values)) != len(values):
        raise Problem("query-invalid", f"{name} holds values with commas between, each once")
    if len(values) > NAMES_MAX:
        raise Problem("query-invalid", f"{name} names {NAMES_MAX} at most")
    return values


def read_filter(request: web.Request) -> Filter:
    """What the subscriber wants.

    Who names addresses or transactions and no kinds wants transactions only.
    """
    names = read_list(request, "kinds")
    if unknown := [name for name in names if name not in ALL_KINDS]:
        known = ", ".join(Kind)
        raise Problem("query-invalid", f"no kind is called {unknown[0]!r}; there are {known}")
    try:
        accounts = frozenset(map(parse_address, read_list(request, "address")))
        ids = frozenset(parse_hex(text, 32) for text in read_list(request, "transaction"))
    except PydanticCustomError as error:
        raise Problem("query-invalid", f"address or transaction {error.message()}") from error
    kinds = frozenset(map(Kind, names))
    if (accounts or ids) and kinds and Kind.TRANSACTION not in kinds:
        raise Problem(
            "query-conflict", "address and transaction choose among events of kind transaction"
        )
    if not kinds:
        kinds = frozenset({Kind.TRANSACTION}) if accounts or ids else ALL_KINDS
    return Filter(kinds, accounts, ids)


def read_after(request: web.Request, hub: EventHub) -> Position | None:
    """Where to go on; a browser that calls again says so in a header, which counts more."""
    text = request.headers.get("Last-Event-ID") or request.query.get("after")
    if text is None or text == "now":
        return None
    if text == "oldest":
        return hub.oldest
    try:
        return hub.locate(text)
    except CursorError as error:
        oldest = hub.oldest.spell(hub.log.id)
        raise Problem(error.reason, f"{error}: {error.advice}", extra={"oldest": oldest}) from error


def check_origin(request: web.Request) -> None:
    """Other sites' pages may not listen: browsers let them open WebSockets to anywhere."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Problem("origin-refused", "pages of other sites may not subscribe")


async def serve_events(api: Api, request: web.Request) -> web.StreamResponse:
    """Events, until either side has enough."""
    hub = api.backend.events
    check_origin(request)
    follow = read_choice(request, "follow", ("0", "1")) != "0"
    wanted, after = read_filter(request), read_after(request, hub)
    if request.method == "HEAD":
        return web.Response(content_type="text/event-stream")
    try:
        seat = hub.take_seat()
    except TooManyError as error:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise Problem(
            error.reason, f"{error}: {error.advice}", headers=headers, extra={"definite": True}
        ) from error
    with seat:
        outlet = make_outlet(request)
        if isinstance(request.protocol, BoundedHandler):
            request.protocol.give_up_place()
        await outlet.open()
        ended = await hub.subscribe(outlet, wanted, after, follow=follow)
        await outlet.finish(ended, hub.log.id)
    return outlet.response


DESCRIPTION = """\
Server-sent events, or one JSON text message per event where the request upgrades to a WebSocket.

Every event is `{"cursor", "kind", "height", "time_ms", "data"}`; `height` is left out where it is
about none. Of kinds:
`block` (the head moved up: `id`, `parent`, `timestamp_ms`, `proposer`, `transactions`, `failed`,
`skipped`), `final` (`id`), `reorganisation` (`fork_height`, `depth`, `undone`), `transaction`
(`id`, `status`, `sender`, `recipient`, and as they apply `reason`, `block`, `index`), `view`
(`view`, `previous`, `leader`), `peer` (`public_key`, `name`, `role`, `state`), `committee`
(`state`, `since`, `faults`, `validators`), `alarm` (`alarm`, `detail`), `node` (`state`), and `gap`
(`reason`): something is not told. Kinds and fields may be added.

The statuses of transactions are `admitted`, `included` (where a block may still be undone),
`returned`, `final`, `failed` and `dropped`.

To resume, send the last cursor as `after` or as `Last-Event-ID`: what came after it is told once,
also across a restart of this node. Cursors are of one node. A stream ends with an `end` message that
says why and gives the cursor. Quiet streams tell their position every 15 s: an `id` alone, or over a
WebSocket a message of kind `position`."""

ROUTES = (
    Route(
        "GET",
        "/v1/events",
        serve_events,
        "What happens, as it happens.",
        {101: Media(""), 200: Media("text/event-stream", EventAnswer)},
        "events",
        parameters=(
            Parameter(
                "kinds",
                "Only these kinds, with commas between; all where it is absent. `gap` always comes.",
                {"type": "string", "examples": ["block,final"]},
            ),
            Parameter(
                "address",
                "Only transactions that one of these accounts sent or receives (up to 100, with"
                " commas between). Without `kinds`: transactions alone.",
                {"type": "string"},
            ),
            Parameter(
                "transaction",
                "Only these transactions, beside those of `address`, by id (up to 100).",
                {"type": "string"},
            ),
            Parameter(
                "after",
                "A cursor, or `now` (the default), or `oldest` for all that is kept.",
                {
                    "type": "string",
                    "maxLength": CURSOR_CHARS_MAX,
                    "pattern": f"^now$|^oldest$|{CURSOR_PATTERN}",
                    "default": "now",
                },
            ),
            Parameter(
                "follow",
                "0 ends the stream where nothing more has happened.",
                {"type": "string", "enum": ["0", "1"], "default": "1"},
            ),
        ),
        problems=(403, 410),
        description=DESCRIPTION,
    ),
)
