"""What the command line has registered, as Typer sees it."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import typer


def walk_callbacks(app: typer.Typer) -> Iterator[Callable[..., Any]]:
    """Give every function that a command, a group or the application itself calls."""
    if app.registered_callback is not None and app.registered_callback.callback is not None:
        yield app.registered_callback.callback
    for command in app.registered_commands:
        if command.callback is not None:
            yield command.callback
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from walk_callbacks(group.typer_instance)


def find_coroutine_callbacks(app: typer.Typer) -> list[str]:
    """Name the registered coroutine functions: Typer would call them and never await the result."""
    return [call.__qualname__ for call in walk_callbacks(app) if inspect.iscoroutinefunction(call)]
