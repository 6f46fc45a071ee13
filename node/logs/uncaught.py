"""Errors that nobody caught, as lines of the log like all others."""

import logging
import sys
import threading
from types import TracebackType

import structlog

_log = structlog.get_logger(__name__)


def log_uncaught() -> None:
    """From here on whatever ends the main thread, another thread, or a finaliser is logged.

    Errors in tasks and callbacks of the event loop are logged by asyncio itself; warnings of
    libraries become lines too.
    """
    sys.excepthook = on_uncaught
    threading.excepthook = on_thread
    sys.unraisablehook = on_unraisable
    logging.captureWarnings(capture=True)


def on_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """The main thread ends by it."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    _log.critical("uncaught error", exc_info=(kind, error, trace))


def on_thread(arguments: threading.ExceptHookArgs) -> None:
    """A thread ends by it."""
    name = arguments.thread.name if arguments.thread else None
    error = arguments.exc_value
    trace = (arguments.exc_type, error, arguments.exc_traceback)
    _log.critical("uncaught error in a thread", thread=name, exc_info=trace if error else None)


def on_unraisable(arguments: "sys.UnraisableHookArgs") -> None:
    """Nobody could have caught it: it happened while an object was cleared away."""
    error = arguments.exc_value
    trace = (arguments.exc_type, error, arguments.exc_traceback)
    where = arguments.err_msg or "uncaught error while clearing away"
    _log.error(where, of=repr(arguments.object), exc_info=trace if error else None)
