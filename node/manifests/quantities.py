"""Times and rates as people write them: a number and its unit, by one rule everywhere."""

import re
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

DURATION_PATTERN = r"^[0-9]+(\.[0-9]+)?(ms|s|min)$"
DURATION_UNITS_MS = {"ms": 1, "s": 1_000, "min": 60_000}
DURATION_MS_MAX = 24 * 60 * 60_000
RATE_PATTERN = r"^[0-9]+(\.[0-9]+)?(B|kB|MB)/s$"
RATE_UNITS = {"B": 1, "kB": 1_000, "MB": 1_000_000}


def parse_duration(text: object) -> int:
    """`"250ms"`, `"10s"` or `"2min"` in milliseconds; raises `ValueError` for anything else."""
    if not isinstance(text, str) or not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError(
            f"{text!r} is no time: write a number and its unit in quotes,"
            ' as in "250ms", "10s" or "2min"'
        )
    number, unit = split_unit(text)
    duration_ms = round(number * DURATION_UNITS_MS[unit])
    if duration_ms > DURATION_MS_MAX:
        raise ValueError(f"{text!r} is longer than a day")
    return duration_ms


def parse_rate(text: object) -> int:
    """`"64kB/s"` or `"1MB/s"` in bytes a second; raises `ValueError` for anything else."""
    if not isinstance(text, str) or not re.fullmatch(RATE_PATTERN, text):
        raise ValueError(
            f'{text!r} is no rate: write a number and its unit in quotes, as in "64kB/s" or "1MB/s"'
        )
    number, unit = split_unit(text.removesuffix("/s"))
    rate = round(number * RATE_UNITS[unit])
    if not rate:
        raise ValueError(f"{text!r} lets nothing through: cut the link with a partition instead")
    return rate


def split_unit(text: str) -> tuple[float, str]:
    """The number and the letters after it."""
    unit = text.lstrip("0123456789.")
    return float(text[: len(text) - len(unit)]), unit


def format_duration(duration_ms: float) -> str:
    """As it is written: `250ms`, `10s`, `2min`; to a hundredth of a second from one second on."""
    if duration_ms < 1_000:
        return f"{duration_ms:.0f}ms"
    if duration_ms < 60_000 or duration_ms % 60_000:
        return f"{round(duration_ms / 1_000, 2):g}s"
    return f"{duration_ms / 60_000:g}min"


Duration: TypeAlias = Annotated[
    int,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["250ms", "10s"]}),
]
"""A time in milliseconds."""
Rate: TypeAlias = Annotated[
    int,
    BeforeValidator(parse_rate),
    WithJsonSchema({"type": "string", "pattern": RATE_PATTERN, "examples": ["64kB/s"]}),
]
"""Bytes a second."""
