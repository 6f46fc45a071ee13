"""The options that several `quorate testnet` commands share."""

import datetime
import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from consensus import catalog
from node.testnet.errors import ClusterError
from node.testnet.monitor_process import MonitorOptions, find_prometheus
from node.testnet.network import Network, create_network, exists, open_network
from node.testnet.plan import MINING_WORKERS_MAX, Plan
from node.testnet.ports import BASE_PORT, PORT_MAX, PORT_MIN

MINING_WORKERS = 1
"""A testnet has one machine for all its nodes."""


def check_amount(value: float | None) -> float | None:
    """A number that is neither negative nor infinite; "nan" is none."""
    if value is not None and not 0 <= value < math.inf:
        raise typer.BadParameter(f"{value} is not a number from 0 up")
    return value


Engine = Annotated[
    str | None,
    typer.Option(help=f"One of: {', '.join(catalog.names())}. Default: {catalog.DEFAULT}."),
]
Nodes = Annotated[int | None, typer.Option(help="How many validators. Default: 4.")]
Followers = Annotated[
    int | None, typer.Option(help="Further nodes, which verify and serve but never vote.")
]
BasePort = Annotated[
    int | None,
    typer.Option(
        metavar="P",
        help="Node i listens on P + 10·i for peers and P + 10·i + 1 for HTTP."
        f" Default: {BASE_PORT}.",
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", metavar="NAME=NUMBER", help="An engine parameter, for a new network."
    ),
]
Miners = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=MINING_WORKERS_MAX,
        help="Mining processes of each validator, where the engine asks for proofs of work."
        f" Default: {MINING_WORKERS}.",
    ),
]
Monitor = Annotated[
    bool,
    typer.Option(
        "--monitor", help="Start a Prometheus beside the network, with the project's alert rules."
    ),
]
MonitorPort = Annotated[
    int | None,
    typer.Option(
        metavar="P",
        min=PORT_MIN,
        max=PORT_MAX,
        help="Its port on loopback, which asks for --monitor too. Default: the base port + 9.",
    ),
]
Home = Annotated[
    Path | None,
    typer.Option(help="The network's folder. Default: .quorate/testnet in the project."),
]
FreshHome = Annotated[
    Path | None,
    typer.Option(
        help="The network's folder; a network that is there already goes on where it stopped."
        " Default: a new folder under .quorate in the project."
    ),
]
Load = Annotated[
    float,
    typer.Option(
        metavar="TX_PER_SECOND",
        help="Demo transactions a second; 0 for none.",
        callback=check_amount,
    ),
]
FreshLoad = Annotated[
    float | None,
    typer.Option(
        "--load",
        metavar="TX_PER_SECOND",
        help="Demo transactions a second; 0 for none. Default: 20.",
        callback=check_amount,
    ),
]
For = Annotated[
    float | None,
    typer.Option("--for", metavar="SECONDS", help="How long to run.", callback=check_amount),
]
Json = Annotated[bool, typer.Option("--json", help="Answer with JSON on standard output.")]
Indices = Annotated[list[int], typer.Argument(metavar="N...", help="Numbers of nodes, from 0.")]

DEFAULT_LOAD = 20.0


class LogLevelName(StrEnum):
    """Levels of the nodes' logs, as `[log] level` names them."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


LogLevel = Annotated[
    LogLevelName | None,
    typer.Option(help="From which level on the nodes that are started log. Default: info."),
]


def choose_monitor(monitor: bool, port: int | None) -> MonitorOptions | None:
    """How to watch the network, if at all; looks for Prometheus before anything is made.

    Raises `ClusterError` (prometheus-missing).
    """
    if not monitor and port is None:
        return None
    find_prometheus()
    return MonitorOptions(port)


def find_state_folder() -> Path:
    """`.quorate` of the checkout that this is run from, or of the current folder."""
    root = Path(__file__).resolve().parents[2]
    return (root if (root / "pyproject.toml").exists() else Path.cwd()) / ".quorate"


def choose_home(home: Path | None) -> Path:
    """The network's folder for commands in the background."""
    return home or find_state_folder() / "testnet"


def choose_fresh_home(home: Path | None) -> Path:
    """The network's folder for a run in the foreground: a new one unless told."""
    if home is not None:
        return home
    started = datetime.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    folder = find_state_folder()
    candidates = (folder / f"run-{started}{suffix}" for suffix in ("", "-b", "-c", "-d"))
    return next(path for path in candidates if not path.exists())


def parse_parameters(texts: list[str] | None) -> dict[str, int]:
    """`["timeout_ms=500"]` as a mapping; the catalog checks names and ranges."""
    parameters = {}
    for text in texts or ():
        name, _, number = text.partition("=")
        if not (number.isascii() and number.isdigit()):
            raise ClusterError(
                f"--parameter {text!r} is not NAME=NUMBER", reason="bad-engine-parameter"
            )
        parameters[name] = int(number)
    return parameters


def open_or_create(
    home: Path,
    *,
    engine: str | None,
    nodes: int | None,
    followers: int | None,
    base_port: int | None,
    parameters: list[str] | None,
    miners: int | None = None,
) -> Network:
    """The network in `home`, made first if there is none.

    Raises `ClusterError` (network-differs) where an existing one is not what the options ask for.
    """
    asked = {
        "engine": engine,
        "validators": nodes,
        "followers": followers,
        "base_port": base_port,
        "parameters": parse_parameters(parameters) or None,
        "mining_workers": miners,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    if not exists(home):
        usual = Plan(relayed=True, mining_workers=MINING_WORKERS)
        return create_network(home, msgspec.structs.replace(usual, **given))
    network = open_network(home)
    for name, value in given.items():
        if (there := getattr(network.plan, name)) != value:
            raise ClusterError(
                f"the network in {network.home} has {name} {there}, not {value}",
                reason="network-differs",
                advice="leave the option out to go on with it, or name a new folder with --home",
            )
    return network
