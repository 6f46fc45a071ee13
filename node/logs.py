"""Logging of a node: structlog over the standard handlers, one line per event.

`auto` writes for people on a terminal and JSON elsewhere. A line costs some 30 µs: nothing that
happens once per message or per transaction is logged at `info`.
"""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, Literal, TypeAlias

import structlog

Processor: TypeAlias = Callable[
    [Any, str, MutableMapping[str, Any]], MutableMapping[str, Any] | str | bytes | tuple[Any, ...]
]


def configure_logging(
    level: Literal["debug", "info", "warning", "error"],
    style: Literal["auto", "json", "console"],
) -> None:
    """Send our own events and those of libraries to standard error in one form."""
    console = style == "console" or (style == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if not console:
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    install_handler(logging.getLevelName(level.upper()), shared, console=console)


def install_handler(level: int, shared: list[Processor], *, console: bool) -> None:
    """One handler on the root logger; repeated calls replace it."""
    renderer: Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
