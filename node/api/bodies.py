"""Reads request bodies: size, time and type first, then JSON in its strictest reading.

Refused as a whole: duplicate keys, NaN and Infinity, numbers of absurd length, nesting beyond the
parser's depth, bytes that are not UTF-8. Field by field, in the model: unknown names, wrong types,
numbers out of range.
"""

import asyncio
import json
from typing import Any, NoReturn, TypeVar

import msgspec
from aiohttp import web
from pydantic import BaseModel, ValidationError

from node.api.problems import Problem, clean_text

JSON_TYPE = "application/json"
OCTETS_TYPE = "application/octet-stream"
MSGPACK_TYPE = "application/msgpack"

BODY_TIMEOUT_S = 20.0
DIGITS_MAX = 40
"""A u64 has 20 digits; a longer number is a fault or an attack on the parser."""
ERRORS_MAX = 20

FIELD_REASONS = {
    "missing": "field-missing",
    "union_tag_not_found": "field-missing",
    "extra_forbidden": "field-unknown",
    "greater_than_equal": "field-out-of-range",
    "less_than_equal": "field-out-of-range",
}
"""Pydantic's names for faults, as our reasons; those of `node.api.fields` are reasons already."""

DETAILS = {"model_type": "must be an object", "model_attributes_type": "must be an object"}
"""Where pydantic's own words would name our classes."""

Model = TypeVar("Model", bound=BaseModel)
_BATCH = msgspec.msgpack.Decoder(list[bytes])


def content_type(request: web.Request, *allowed: str) -> str:
    """The media type of the body, if it is one of `allowed`; text has to be UTF-8."""
    given = request.headers.get("Content-Type", "")
    media, _, parameters = given.partition(";")
    media = media.strip().lower()
    charset = parameters.lower().replace(" ", "").replace('"', "").removeprefix("charset=")
    if media not in allowed or charset not in {"", "utf-8"}:
        raise Problem("content-type-unsupported", f"send {' or '.join(allowed)}")
    return media


async def read_body(request: web.Request, size_max: int) -> bytes:
    """The whole body, at most `size_max` bytes, within `BODY_TIMEOUT_S`."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem("content-encoding-unsupported")
    if (request.content_length or 0) > size_max:
        raise _too_large(size_max)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > size_max:
                    raise _too_large(size_max)
    except TimeoutError as error:
        raise Problem("body-too-slow", headers={"Connection": "close"}) from error
    except web.RequestPayloadError as error:
        raise Problem("body-broken", headers={"Connection": "close"}) from error
    if not body:
        raise Problem("body-empty")
    return bytes(body)


def _too_large(size_max: int) -> Problem:
    return Problem("body-too-large", f"at most {size_max} bytes are taken")


def parse_json(body: bytes) -> Any:
    """The JSON value of `body`; raises `Problem` for all that is doubtful."""
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_integer,
        )
        if b"\\u" in body:  # an escape can spell half a surrogate pair, which is no character
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise Problem("body-too-deep") from error
    except UnicodeDecodeError as error:
        raise Problem("body-not-json", "the body is not UTF-8") from error
    except UnicodeEncodeError as error:
        raise Problem("body-not-json", "an escape spells no character") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem("body-not-json", f"{error.msg} at {where}") from error
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise Problem("body-duplicate-key", f"the key {twice!r} stands twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise Problem("body-not-a-number", f"{name} is not a JSON number")


def _integer(digits: str) -> int:
    if len(digits) > DIGITS_MAX:
        raise Problem("body-number-too-large", f"a number has {len(digits)} digits")
    return int(digits)


def validate(model: type[Model], value: Any) -> Model:
    """A checked model; raises `Problem` that names each faulty field, the first one's reason."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        errors = describe_faults(error)
        first = errors[0]
        detail = f"{first['field'] or 'the body'}: {first['detail']}"
        raise Problem(first["reason"], detail, extra={"errors": errors}) from error


def describe_faults(error: ValidationError) -> list[dict[str, str]]:
    """The first faults, each with field, reason and detail; nothing of the input is repeated.

    Names of unknown fields are the one exception; they are shortened.
    """
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        {
            "field": clean_text(".".join(str(part) for part in fault["loc"])),
            "reason": _reason(fault["type"]),
            "detail": clean_text(DETAILS.get(fault["type"], fault["msg"])),
        }
        for fault in faults[:ERRORS_MAX]
    ]


def _reason(kind: str) -> str:
    return kind if kind.startswith("field-") else FIELD_REASONS.get(kind, "field-wrong-type")


def parse_msgpack_batch(body: bytes) -> list[bytes]:
    """The byte strings of one msgpack array, the cheap form of a batch."""
    try:
        return _BATCH.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError, MemoryError) as error:
        raise Problem("body-not-msgpack", str(error)) from error
