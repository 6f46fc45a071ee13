"""Commands that need an event loop: Typer accepts a coroutine function and never awaits it."""

import asyncio
import functools
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from node.event_loop import run_on_loop

P = ParamSpec("P")
R = TypeVar("R")

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def asynchronous(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, R]:
    """A plain function with the same signature, which runs the coroutine to its end."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return run_on_loop("auto", function(*args, **kwargs))

    return run


@contextmanager
def stop_on_signal(on_stop: Callable[[], None]) -> Iterator[None]:
    """Call `on_stop` at each Ctrl-C, SIGTERM or SIGHUP while the body runs."""
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, on_stop)
    try:
        yield
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
