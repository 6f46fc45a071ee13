"""Reads query parameters strictly: unknown and repeated ones are errors, so that none is ignored.

`check_query` runs before every handler with the names its route declares; the readers below then
find at most one value per name.
"""

import re
from collections.abc import Collection

from aiohttp import web

from node.api.problems import Problem

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}")
_SECONDS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")


def check_query(request: web.Request, allowed: Collection[str]) -> None:
    """Refuse parameters the route does not know, and those that stand twice."""
    query = request.query
    for name in query:
        if name not in allowed:
            raise Problem("query-unknown", f"unknown parameter {name!r}")
    if len(set(query)) != len(query):
        raise Problem("query-repeated")


def read_flag(request: web.Request, name: str) -> bool:
    """Read 1 or 0; absent is 0."""
    value = request.query.get(name, "0")
    if value not in {"0", "1"}:
        raise Problem("query-invalid", f"{name} is 0 or 1")
    return value == "1"


def read_choice(request: web.Request, name: str, choices: tuple[str, ...]) -> str | None:
    """One of `choices`, or None where the parameter is absent."""
    value = request.query.get(name)
    if value is not None and value not in choices:
        raise Problem("query-invalid", f"{name} is one of {', '.join(choices)}")
    return value


def read_integer(request: web.Request, name: str, least: int, most: int) -> int | None:
    """A decimal integer in [least, most] without leading zeros, or None where it is absent."""
    value = request.query.get(name)
    if value is None:
        return None
    if not _DECIMAL.fullmatch(value) or not least <= int(value) <= most:
        raise Problem("query-invalid", f"{name} is an integer from {least} to {most}")
    return int(value)


def read_seconds(request: web.Request, name: str, most: float) -> float | None:
    """Seconds in [0, most], with at most three decimals, or None where it is absent."""
    value = request.query.get(name)
    if value is None:
        return None
    if not _SECONDS.fullmatch(value) or float(value) > most:
        raise Problem("query-invalid", f"{name} is a number of seconds from 0 to {most:g}")
    return float(value)
