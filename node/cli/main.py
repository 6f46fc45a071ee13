"""The command `quorate`: one small module per group of commands, put together here."""

import sys

import typer

from consensus.errors import ConsensusError
from ledger.errors import LedgerError
from node.cli import (
    committee_group,
    history_group,
    keys_group,
    node_group,
    testnet_group,
    tx_group,
)
from node.cli.bench import bench
from node.cli.complexity import complexity
from node.cli.events import events
from node.cli.forks import forks
from node.cli.load import load
from node.cli.output import EXIT_FAILURE, describe_error
from node.cli.replay import replay
from node.cli.simulate import simulate
from node.cli.status import status
from node.cli.twins import twins
from node.cli.verify import verify
from node.errors import NodeError

app = typer.Typer(
    name="quorate",
    help="A ledger node, and everything around it. Each command has --help.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(node_group.app, name="node")
app.add_typer(testnet_group.app, name="testnet")
app.add_typer(keys_group.app, name="keys")
app.add_typer(tx_group.app, name="tx")
app.add_typer(history_group.app, name="history")
app.add_typer(committee_group.app, name="committee")
app.command("status")(status)
app.command("events")(events)
app.command("verify")(verify)
app.command("replay")(replay)
app.command("load")(load)
app.command("bench")(bench)
app.command("simulate")(simulate)
app.command("twins")(twins)
app.command("complexity")(complexity)
app.command("forks")(forks)


def run() -> None:
    """Run one command; what we refuse is told in two lines, never as a stack trace."""
    try:
        app()
    except (NodeError, LedgerError, ConsensusError) as error:
        sys.stderr.write(describe_error(error) + "\n")
        sys.exit(EXIT_FAILURE)
    except BrokenPipeError:  # the reader of our output has gone, as in `quorate … | head`
        sys.stderr.close()
        sys.exit(EXIT_FAILURE)
    except OSError as error:  # a folder that cannot be written, a full disk
        sys.stderr.write(f"quorate: {error} [os-error]\n")
        sys.exit(EXIT_FAILURE)
