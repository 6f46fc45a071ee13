"""Which event loop a process runs on: asyncio's own, or uvloop where it is installed."""

import asyncio
import importlib
import importlib.util
from collections.abc import Coroutine
from typing import Any, Literal, TypeVar

R = TypeVar("R")


def run_on_loop(
    choice: Literal["auto", "asyncio", "uvloop"], coroutine: Coroutine[Any, Any, R]
) -> R:
    """Run to the end; `auto` takes uvloop where it is installed.

    Raises `ModuleNotFoundError` where uvloop is asked for and missing.
    """
    is_fast = choice == "uvloop" or (
        choice == "auto" and importlib.util.find_spec("uvloop") is not None
    )
    factory = importlib.import_module("uvloop").new_event_loop if is_fast else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(coroutine)


def name_running_loop() -> str:
    """The running loop for status and reports: `uvloop`, `asyncio`, or `none`."""
    try:
        module = type(asyncio.get_running_loop()).__module__
    except RuntimeError:
        return "none"
    return module.partition(".")[0]
