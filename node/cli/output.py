"""What commands print: data on standard output, everything else on standard error."""

import json
import sys
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from consensus.errors import ConsensusError
from ledger.errors import LedgerError
from node.errors import NodeError

EXIT_FAILURE = 1

messages = Console(stderr=True, highlight=False)
"""For people: progress, advice, errors."""
answers = Console(highlight=False)
"""For people, and on standard output: tables that were asked for."""


def print_json(value: Any) -> None:
    """One JSON value on one line of standard output."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def print_line(text: str) -> None:
    """One line of standard output, as it is."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_pairs(pairs: dict[str, object]) -> None:
    """Names and values, one pair a line."""
    table = Table.grid(padding=(0, 2))
    for name, value in pairs.items():
        table.add_row(name, str(value), style=None)
    answers.print(table, soft_wrap=True)


def describe_error(error: NodeError | LedgerError | ConsensusError) -> str:
    """What went wrong, its stable reason, and what to do next."""
    reason = getattr(error, "reason", "error")
    lines = [f"quorate: {error} [{getattr(reason, 'value', reason)}]"]
    if advice := getattr(error, "advice", ""):
        lines.append(f"  {advice}")
    return "\n".join(lines)


def fail(error: NodeError | LedgerError | ConsensusError) -> typer.Exit:
    """Say what went wrong; raise the answer to end with status 1."""
    sys.stderr.write(describe_error(error) + "\n")
    return typer.Exit(EXIT_FAILURE)
