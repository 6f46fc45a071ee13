"""What commands print: data on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import typer
from rich.console import Console

from consensus.errors import ConsensusError
from ledger.errors import LedgerError
from node.errors import NodeError

EXIT_FAILURE = 1
EXIT_USAGE = 2

messages = Console(stderr=True, highlight=False)
"""For people: progress, advice, errors."""
answers = Console(highlight=False)
"""For people, and on standard output: tables that were asked for."""


def print_json(value: Any) -> None:
    """One JSON value on one line of standard output."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """One line of progress on standard error."""
    messages.print(text, markup=False, soft_wrap=True)


def print_line(text: str) -> None:
    """One line of standard output, as it is."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_pairs(pairs: Mapping[str, object]) -> None:
    """Names and values, one pair a line, never cut short."""
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        shown = json.dumps(value) if isinstance(value, dict | list | bool) else value
        print_line(f"{name:<{width}}  {'–' if value is None else shown}")


def describe_error(error: NodeError | LedgerError | ConsensusError) -> str:
    """What went wrong, its stable reason, and what to do next."""
    reason = getattr(error, "reason", "error")
    lines = [f"quorate: {error} [{getattr(reason, 'value', reason)}]"]
    if advice := getattr(error, "advice", ""):
        lines.append(f"  {advice}")
    return "\n".join(lines)


def fail(error: NodeError | LedgerError | ConsensusError, status: int = EXIT_FAILURE) -> typer.Exit:
    """Say what went wrong; raise the answer to end with this status."""
    sys.stderr.write(describe_error(error) + "\n")
    return typer.Exit(status)
