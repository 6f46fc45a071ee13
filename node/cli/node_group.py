"""`quorate node`: one node and its home folder."""

import asyncio
import faulthandler
import signal
from pathlib import Path
from typing import Annotated

import structlog
import typer

from consensus.errors import ConsensusError
from ledger.errors import LedgerError
from node.api.server import ServerSettings
from node.cli.asynchronous import stop_on_signal
from node.cli.node_install import install
from node.cli.node_join import join
from node.cli.output import describe_error, messages, print_json, print_pairs
from node.config import Config, load_config
from node.errors import NodeError
from node.event_loop import run_on_loop
from node.logs.configuring import configure_logging
from node.logs.files import LogFile
from node.logs.uncaught import log_uncaught
from node.node import Node
from node.open_files import raise_open_files
from node.testnet.homes import Listen
from node.testnet.network import Network, admit_follower, create_network, open_network
from node.testnet.plan import MINING_WORKERS_MAX, Plan

app = typer.Typer(no_args_is_help=True, help="One node and its home folder.")
app.command("join")(join)
app.command("install")(install)

_log = structlog.get_logger(__name__)

Home = Annotated[
    Path, typer.Option("--home", envvar="QUORATE_HOME", help="The node's home folder.")
]


@app.command("init")
def init(
    home: Home,
    network: Annotated[
        Path | None,
        typer.Option(
            help="Join this network as a follower: a folder made by `quorate testnet`, with the"
            " authority's key in it. Without it a new network with one validator is made."
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="The node's name.")] = "node",
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=1024, max=65534, help="Port for peers; HTTP is one above.")
    ] = 26656,
    *,
    miners: Annotated[
        int,
        typer.Option(
            min=0, max=MINING_WORKERS_MAX, help="With --network: mine, in so many processes."
        ),
    ] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make a home: keys, certificate, genesis, config.toml.

    Alone it makes a network of one validator under HOME, whose node lives in HOME/node0. With
    --network it makes the home of a follower, which verifies and serves but never votes, or in a
    network that anybody may join with --miners that of a miner.
    """
    if network is None:
        plan = Plan(validators=1, name=name, host=host, base_port=port)
        made = create_network(home, plan)
        answer = describe_single(made)
    else:
        listen = Listen(host, port, port + 1)
        identity = admit_follower(open_network(network), home, listen, name, miners)
        answer = {
            "home": str(home.expanduser().resolve()),
            "role": "validator" if miners else "follower",
            "public_key": identity.public_key.hex(),
            "url": f"http://{host}:{port + 1}",
        }
    print_json(answer) if json else print_pairs(answer)


def describe_single(network: Network) -> dict[str, object]:
    """What was made, for people and machines."""
    member = network.members[0]
    return {
        "home": str(member.home),
        "role": member.role,
        "public_key": network.genesis().validators[0].hex(),
        "url": member.url,
        "faucet": str(network.faucet_path),
    }


@app.command("run")
def run(
    home: Home,
    *,
    api_port: Annotated[int | None, typer.Option(help="Overrides api.port.")] = None,
    p2p_port: Annotated[int | None, typer.Option(help="Overrides p2p.port.")] = None,
    log_level: Annotated[
        str | None, typer.Option(help="Overrides log.level: debug, info, warning, error.")
    ] = None,
    log_format: Annotated[
        str | None, typer.Option(help="Overrides log.format: auto, json, console.")
    ] = None,
    log_file: Annotated[
        Path | None, typer.Option(help="Overrides log.file: write there, within bounds.")
    ] = None,
) -> None:
    """Run the node that lives in HOME until Ctrl-C or SIGTERM.

    Settings come from flags, then QUORATE_… environment variables, then HOME/config.toml.
    """
    flags = {
        "api.port": api_port,
        "p2p.port": p2p_port,
        "log.level": log_level,
        "log.format": log_format,
        "log.file": log_file,
    }
    config = load_config(home, flags)
    configure_logging(config.log.level, config.log.format, choose_log_file(config))
    log_uncaught()
    raise typer.Exit(run_on_loop(config.event_loop, run_node(config)))


def choose_log_file(config: Config) -> LogFile | None:
    """The bounded file that the configuration names; None for standard error."""
    path, section = config.log_path, config.log
    return None if path is None else LogFile(path, section.size_bytes_max, section.files_max)


async def run_node(config: Config) -> int:
    """Start, wait for a signal or a failure, close; the exit status.

    SIGUSR1 writes the stacks of all threads to standard error, for a node that seems stuck.
    """
    faulthandler.register(signal.SIGUSR1)
    raise_open_files(ServerSettings().connections_max + config.events.subscribers_max)
    stopping = asyncio.Event()
    with stop_on_signal(stopping.set):
        node = Node(config)
        try:
            await node.start()
        except (NodeError, LedgerError, ConsensusError) as reason:
            _log.error("the node could not start", **explain_error(reason))
            raise
        failed = asyncio.create_task(node.failed())
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait({failed, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        _log.info("stopping", failed=failed.done())
        await node.close()
        if not failed.done():
            failed.cancel()
            _log.info("stopped")
            return 0
        error = failed.result()
        if isinstance(error, NodeError):
            messages.print(describe_error(error))
        return 1


def explain_error(error: NodeError | LedgerError | ConsensusError) -> dict[str, str]:
    """Its stable reason, what went wrong, and what to do next, as fields of a log line."""
    reason = getattr(error, "reason", "error")
    fields = {"reason": str(getattr(reason, "value", reason)), "detail": str(error)}
    advice = getattr(error, "advice", "")
    return {**fields, "advice": advice} if advice else fields
