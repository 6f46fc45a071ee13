"""Logging of a node: structlog over the standard handlers, one line per event.

`auto` writes for people on a terminal and JSON elsewhere. Every line carries the network, the node
and its final height (`scope`), and the request it was written for, where there is one; secrets are
masked (`masking`). A line costs some 50 µs: nothing that happens once per message or per transaction
is logged at `info`, and what happens once per block is at `debug`.
"""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, Literal, TypeAlias

import structlog

from node.logs.files import LogFile
from node.logs.masking import mask_secrets
from node.logs.scope import add_scope

Processor: TypeAlias = Callable[
    [Any, str, MutableMapping[str, Any]], MutableMapping[str, Any] | str | bytes | tuple[Any, ...]
]
Level: TypeAlias = Literal["debug", "info", "warning", "error"]
Style: TypeAlias = Literal["auto", "json", "console"]


def configure_logging(level: Level, style: Style, file: LogFile | None = None) -> None:
    """Send our own events and those of libraries to standard error, or to `file`, in one form."""
    is_terminal = file is None and sys.stderr.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_scope,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
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
    handler = logging.StreamHandler(sys.stderr) if file is None else file.open()
    is_console = style == "console" or (style == "auto" and is_terminal)
    handler.setFormatter(make_formatter(shared, is_console=is_console))
    install_handler(handler, logging.getLevelName(level.upper()))


def make_formatter(
    shared: list[Processor], *, is_console: bool
) -> structlog.stdlib.ProcessorFormatter:
    """The last steps of every line: secrets go, then it becomes text.

    Traces are text by then, so that they are masked too; none shows the values of variables.
    """
    renderer: Processor = structlog.processors.JSONRenderer()
    if is_console:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    drop_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[drop_meta, mask_secrets, renderer]
    )


def install_handler(handler: logging.Handler, level: int) -> None:
    """One handler on the root logger; repeated calls replace it."""
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.INFO)
