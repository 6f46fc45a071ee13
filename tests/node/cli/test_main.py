import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from consensus.errors import BoundError
from ledger.errors import LedgerError
from ledger.reasons import Reason
from node.cli.asynchronous import asynchronous
from node.cli.main import make_app
from node.cli.output import describe_error
from node.errors import NodeError
from tests.node.cli.conftest import Quorate

EXPECTED = {
    "node init", "node install", "node join", "node run",
    "network init", "network add", "network show", "network secret",
    "keys new", "keys show", "keys list",
    "tx send", "tx show",
    "history run", "history check",
    "status", "verify", "replay", "load", "bench", "bounds", "overhead", "simulate",
    "complexity", "events", "explore", "flp", "forks", "twins",
    "testnet create", "testnet run", "testnet start", "testnet status", "testnet stop",
    "testnet kill", "testnet pause", "testnet resume", "testnet restart", "testnet logs",
    "testnet feed", "testnet links", "testnet partition", "testnet heal",
    "testnet slow-link", "testnet schema",
    "testnet add-validator", "testnet remove-validator", "testnet replace-validator",
    "committee show", "committee vote",
}  # fmt: skip


def walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield " ".join(path), command
        return
    for name, child in children.items():
        yield from walk(child, (*path, name))


COMMANDS = dict(walk(typer.main.get_command(make_app())))


def test_every_command_is_there() -> None:
    assert set(COMMANDS) == EXPECTED


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_helps_and_none_is_a_coroutine(quorate: Quorate, name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    callback = inspect.unwrap(command.callback) if command.callback else None
    assert callback is not None
    assert not inspect.iscoroutinefunction(command.callback)
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{name}: {parameter.name} needs a help text"
    shown = quorate(*name.split(), "--help")
    assert shown.status == 0
    assert "Usage" in shown.output


def test_an_asynchronous_command_runs_to_its_end() -> None:
    @asynchronous
    async def add(left: int, right: int = 1) -> int:
        return left + right

    assert add(2) == 3
    assert list(inspect.signature(add).parameters) == ["left", "right"]
    assert not inspect.iscoroutinefunction(add)


def test_errors_show_their_reason_and_what_to_do_next() -> None:
    error = NodeError("it broke", reason="some-reason", advice="mend it")
    assert describe_error(error) == "quorate: it broke [some-reason]\n  mend it"
    assert "[store-locked]" in describe_error(LedgerError(Reason.STORE_LOCKED, "x"))
    assert "[outside-bound]" in describe_error(BoundError("x"))


def test_a_refusal_ends_with_status_one_and_no_trace(quorate: Quorate) -> None:
    done = quorate("keys", "show", "/nowhere/at/all.json")
    assert done.status == 1
    assert "[key-file-missing]" in done.said
    assert "Traceback" not in done.said


def test_a_misspelt_command_is_a_usage_error(quorate: Quorate) -> None:
    assert quorate("tesnet").status == 2
    assert quorate("testnet", "run", "--lod", "5").status == 2


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf"])
def test_a_rate_of_nothing_is_refused(quorate: Quorate, rate: str, tmp_path: object) -> None:
    replay = quorate("replay", "x.csv", "--url", "http://x", "--rate", rate)
    load = quorate("load", "--url", "http://x", "--faucet", "x.json", "--rate", rate)
    for done in (replay, load):
        assert done.status == 1
        assert "[bad-rate]" in done.said


@pytest.mark.parametrize("option", [("--load", "-1"), ("--load", "nan"), ("--for", "inf")])
def test_numbers_that_are_none_are_usage_errors(quorate: Quorate, option: tuple[str, str]) -> None:
    assert quorate("testnet", "run", *option).status == 2


def test_a_folder_that_cannot_be_made_is_told_in_one_line(quorate: Quorate, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = quorate("testnet", "create", "--home", tmp_path / "file" / "net")
    assert (done.status, "[os-error]" in done.said) == (1, True)
    assert "Traceback" not in done.said
