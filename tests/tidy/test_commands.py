"""No command is a coroutine function, however it came to be registered."""

import pytest
import typer

from node.cli.main import make_app
from tests.tidy.commands import find_coroutine_callbacks, walk_callbacks


async def forgotten() -> None:
    pass


def plain() -> None:
    pass


def test_the_project_registers_no_coroutine_function() -> None:
    assert find_coroutine_callbacks(make_app()) == []


def test_the_project_registers_commands() -> None:
    assert list(walk_callbacks(make_app()))


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_coroutine_function_is_found_at_every_depth(depth: int) -> None:
    top = inner = typer.Typer()
    for _ in range(depth):
        outer, inner = inner, typer.Typer()
        outer.add_typer(inner, name="group")
    inner.command()(plain)
    assert find_coroutine_callbacks(top) == []
    inner.command()(forgotten)
    assert find_coroutine_callbacks(top) == ["forgotten"]


def test_a_group_callback_is_found() -> None:
    top = typer.Typer()
    top.callback()(forgotten)
    assert find_coroutine_callbacks(top) == ["forgotten"]
