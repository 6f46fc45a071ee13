"""The command `quorate`: one small module per group of commands, put together here."""

import gc
import importlib
import sys
from collections.abc import Sequence

import typer

from consensus.errors import ConsensusError
from ledger.errors import LedgerError
from node.cli.output import EXIT_FAILURE, describe_error
from node.errors import NodeError

GROUPS = {
    "node": "node.cli.node_group",
    "network": "node.cli.network_group",
    "testnet": "node.cli.testnet_group",
    "keys": "node.cli.keys_group",
    "tx": "node.cli.tx_group",
    "history": "node.cli.history_group",
    "committee": "node.cli.committee_group",
}
"""Words that begin several commands, and the modules whose `app` holds them."""
COMMANDS = {
    "status": "node.cli.status",
    "events": "node.cli.events",
    "verify": "node.cli.verify",
    "replay": "node.cli.replay",
    "load": "node.cli.load",
    "bench": "node.cli.bench",
    "overhead": "node.cli.overhead",
    "simulate": "node.cli.simulate",
    "twins": "node.cli.twins",
    "complexity": "node.cli.complexity",
    "forks": "node.cli.forks",
    "explore": "node.cli.explore",
    "flp": "node.cli.flp",
    "bounds": "node.cli.bounds",
}
"""Single commands, and the modules that hold the functions of these names."""


def make_app(words: Sequence[str] = (*GROUPS, *COMMANDS)) -> typer.Typer:
    """The command line with the commands that begin with these words; only these are imported."""
    app = typer.Typer(
        name="quorate",
        help="A ledger node, and everything around it. Each command has --help.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(begin)
    for word in words:
        if word in GROUPS:
            app.add_typer(importlib.import_module(GROUPS[word]).app, name=word)
        else:
            app.command(word)(getattr(importlib.import_module(COMMANDS[word]), word))
    return app


def begin() -> None:
    """A ledger node, and everything around it. Each command has --help."""


def choose_words(arguments: Sequence[str]) -> Sequence[str]:
    """The word that is called, which alone is loaded; all words where it is none that we know.

    A health check that runs every few seconds should not load simulators and benchmarks.
    """
    first = list(arguments[:1])
    return first if first and (first[0] in GROUPS or first[0] in COMMANDS) else (*GROUPS, *COMMANDS)


def run() -> None:
    """Be the process `quorate`: import what is called out of the collector's sight, and run it.

    Modules stay for good: looking for garbage among them would cost a fifth of the start, and a pause
    of the node now and then.
    """
    gc.disable()
    make_app(choose_words(sys.argv[1:]))
    gc.freeze()
    gc.enable()
    run_command()


def run_command() -> None:
    """Run one command; what we refuse is told in two lines, never as a stack trace."""
    try:
        make_app(choose_words(sys.argv[1:]))()
    except (NodeError, LedgerError, ConsensusError) as error:
        sys.stderr.write(describe_error(error) + "\n")
        sys.exit(EXIT_FAILURE)
    except BrokenPipeError:  # the reader of our output has gone, as in `quorate … | head`
        sys.stderr.close()
        sys.exit(EXIT_FAILURE)
    except OSError as error:  # a folder that cannot be written, a full disk
        sys.stderr.write(f"quorate: {error} [os-error]\n")
        sys.exit(EXIT_FAILURE)
