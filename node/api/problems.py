"""Errors as problem documents (RFC 9457): one shape, a stable `reason`, never a stack trace.

`Problem` is raised anywhere below a route; the outermost middleware turns it, and whatever else
went wrong, into an answer. A reason of the ledger (`tx-stale-nonce`, …) keeps its own string.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

log = structlog.get_logger(__name__)

DETAIL_CHARS_MAX = 300
"""No answer repeats more of what a stranger sent than this."""

INTERNAL = "internal-error"

API_REASONS: Mapping[str, tuple[int, str]] = {
    "body-not-json": (400, "The body is not JSON"),
    "body-duplicate-key": (400, "An object of the body names a key twice"),
    "body-not-a-number": (400, "NaN and Infinity are no JSON numbers"),
    "body-number-too-large": (400, "A number of the body has too many digits"),
    "body-too-deep": (400, "The body is nested too deeply"),
    "body-not-msgpack": (400, "The body is not one msgpack array of byte strings"),
    "body-broken": (400, "The body could not be read whole"),
    "body-empty": (400, "The body is empty"),
    "body-too-slow": (408, "The body did not arrive in time"),
    "body-too-large": (413, "The body is too large"),
    "batch-too-long": (413, "The batch holds too many transactions"),
    "content-type-unsupported": (415, "The content type is not taken here"),
    "content-encoding-unsupported": (415, "Compressed bodies are not taken here"),
    "field-missing": (422, "A field is missing"),
    "field-unknown": (422, "A field is unknown"),
    "field-wrong-type": (422, "A field has the wrong type"),
    "field-out-of-range": (422, "A number is out of range"),
    "field-bad-amount": (422, "An amount is not a decimal string"),
    "field-bad-hex": (422, "A field is not lower-case hex of the right size"),
    "field-bad-address": (422, "A field is not an address"),
    "query-unknown": (400, "A query parameter is unknown"),
    "query-repeated": (400, "A query parameter stands twice"),
    "query-invalid": (400, "A query parameter has no valid value"),
    "query-conflict": (400, "Query parameters contradict each other"),
    "cursor-invalid": (400, "The cursor was not made by this API"),
    "cursor-unknown": (410, "The cursor is of another node, or of a log that is gone"),
    "cursor-too-old": (410, "What follows the cursor is no longer kept"),
    "origin-refused": (403, "Pages of other sites may not do this"),
    "path-invalid": (400, "A part of the path has no valid form"),
    "path-unknown": (404, "Nothing is found at this path"),
    "block-unknown": (404, "No such block is here"),
    "tx-unknown": (404, "No such transaction is known here"),
    "tx-known": (409, "The transaction is here already"),
    "proof-unavailable": (409, "What was asked cannot be proved yet"),
    "read-unconfirmed": (503, "The node could not confirm in time that its state is fresh"),
    "read-needs-a-voter": (422, "Only a validator answers linearizable reads"),
    "read-unsupported": (501, "The engine answers no linearizable reads"),
    "node-stopping": (503, "The node is stopping"),
    "method-not-allowed": (405, "The method does not fit the path"),
    "expectation-failed": (417, "The expectation cannot be met"),
    "request-malformed": (400, "The request is malformed"),
    "events-off": (503, "This node keeps no events"),
    "too-many-subscribers": (503, "All places for subscribers are taken"),
    "too-many-connections": (503, "All connections are taken"),
    INTERNAL: (500, "The node made a mistake"),
}
"""Every reason the API itself gives, with its HTTP status and title."""

HTTP_REASONS: Mapping[int, str] = {
    404: "path-unknown",
    405: "method-not-allowed",
    413: "body-too-large",
    417: "expectation-failed",
}


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """An answer that is not a success: `reason` as in `API_REASONS`, or with `status` and `title`.

    `extra` members go into the document as they stand; `headers` into the answer.
    """

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        status: int | None = None,
        title: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        known_status, known_title = API_REASONS.get(reason, (422, "The transaction was refused"))
        self.reason = reason
        self.status = known_status if status is None else status
        self.title = known_title if title is None else title
        self.detail = clean_text(detail or self.title)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        super().__init__(self.detail)

    def document(self, instance: str) -> dict[str, Any]:
        """The members of the problem document."""
        return {
            "type": f"urn:quorate:problem:{self.reason}",
            "title": self.title,
            "status": self.status,
            "reason": self.reason,
            "detail": self.detail,
            "instance": clean_text(instance),
            **self.extra,
        }

    def answer(self, request: web.BaseRequest) -> web.Response:
        """The HTTP answer."""
        return web.Response(
            status=self.status,
            body=msgspec.json.encode(self.document(request.path)),
            content_type="application/problem+json",
            headers=self.headers,
        )


def clean_text(text: str) -> str:
    """Shorten a text and make it safe to encode: lone surrogates and controls are spelled out."""
    if len(text) > DETAIL_CHARS_MAX:
        text = text[:DETAIL_CHARS_MAX] + "…"
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def from_http_error(error: web.HTTPException) -> Problem:
    """What aiohttp's router or parser says, as one of our problems."""
    reason = HTTP_REASONS.get(error.status, "request-malformed")
    allow = error.headers.get("Allow")
    headers = None if allow is None else {"Allow": allow}
    return Problem(reason, status=error.status, headers=headers)


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn everything that is raised below into a problem document."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.answer(request)
    except web.HTTPException as error:
        return from_http_error(error).answer(request)
    except ConnectionError:
        raise
    except Exception:
        log.exception("a request failed", method=request.method, path=clean_text(request.path))
        detail = "the fault is logged; what was asked may have had effect"
        return Problem(INTERNAL, detail, extra={"definite": False}).answer(request)
