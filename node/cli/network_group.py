"""`quorate network`: a network whose nodes run on hosts of their own."""

from pathlib import Path
from typing import Annotated, Any

import typer

from consensus import catalog
from node.cli.output import print_json, print_pairs
from node.cli.testnet_options import parse_parameters
from node.hosting.network import HostedNetwork, admit, create_hosted, open_hosted, open_or_create
from node.hosting.plan import API_PORT, HostPlan, parse_node
from node.hosting.secret import SECRET_NAME, make_secret
from node.testnet.plan import MINING_WORKERS_MAX

app = typer.Typer(
    no_args_is_help=True, help="A network whose nodes run on hosts of their own: keys and bundles."
)

Home = Annotated[Path, typer.Option("--home", help="The network's folder; keep it to yourself.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("init")
def init(
    home: Home,
    node: Annotated[
        list[str],
        typer.Option(
            metavar="[NAME=]HOST[:PORT]",
            help="A validator, and where the others call it; once for each, in the order in which"
            " they lead.",
        ),
    ],
    engine: Annotated[str, typer.Option(help="What agrees.")] = catalog.DEFAULT,
    name: Annotated[str, typer.Option(help="The network's name.")] = "quorate",
    *,
    faults: Annotated[
        int | None, typer.Option(min=0, help="Faults to stand. Default: as many as can be.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME=NUMBER", help="An engine's parameter.")
    ] = None,
    miners: Annotated[
        int,
        typer.Option(
            min=0,
            max=MINING_WORKERS_MAX,
            help="Mining processes of each validator, where the engine asks for proofs of work.",
        ),
    ] = 1,
    api_port: Annotated[int, typer.Option(min=1, max=65535, help="Port for HTTP.")] = API_PORT,
    keep: Annotated[
        bool, typer.Option("--keep", help="Be content with the same network if it is there.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a network: keys, an authority, a genesis, and a bundle for each node to install.

    Carry HOME/bundles/NAME.json to its host and nowhere else; `quorate node install` takes it.
    Nodes listen for peers everywhere and for HTTP on loopback, unless their environment says
    otherwise: QUORATE_API__HOST=0.0.0.0.
    """
    asked = HostPlan(
        name=name,
        engine=engine,
        parameters=parse_parameters(parameter),
        faults=faults,
        mining_workers=miners,
        api_port=api_port,
        nodes=tuple(parse_node(text) for text in node),
    )
    network, is_new = open_or_create(home, asked) if keep else (create_hosted(home, asked), True)
    answer = {**describe_network(network), "is_new": is_new}
    print_json(answer) if json else print_pairs(answer)


@app.command("add")
def add(
    home: Home,
    node: Annotated[str, typer.Argument(metavar="[NAME=]HOST[:PORT]", help="The new node.")],
    *,
    json: Json = False,
) -> None:
    """Make the bundle of one more node, which follows until the validators vote it in."""
    network, made = admit(open_hosted(home), parse_node(node))
    answer = {
        "name": made.name,
        "address": made.seed.address,
        "public_key": made.public_key,
        "bundle": str(network.bundle(made)),
    }
    print_json(answer) if json else print_pairs(answer)


@app.command("show")
def show(home: Home, *, json: Json = False) -> None:
    """Say which nodes a network was made with, and where each is called."""
    answer = describe_network(open_hosted(home))
    print_json(answer) if json else print_pairs(answer)


@app.command("secret")
def secret(
    home: Home,
    name: Annotated[str, typer.Option(help="The Secret's name.")] = SECRET_NAME,
    namespace: Annotated[str | None, typer.Option(help="Its namespace.")] = None,
) -> None:
    """Print all bundles as a Kubernetes Secret, for `kubectl apply --filename -`."""
    print_json(make_secret(open_hosted(home), name, namespace))


def describe_network(network: HostedNetwork) -> dict[str, Any]:
    """What people and machines are told of a network."""
    genesis = network.genesis()
    described = {
        "home": str(network.home),
        "name": genesis.name,
        "engine": genesis.engine,
        "faults": genesis.faults,
        "chain_id": genesis.chain_id.hex(),
        "nodes": {node.name: node.seed.address for node in network.plan.nodes},
        "bundles": [str(network.bundle(node)) for node in network.plan.nodes],
    }
    if genesis.commitments:
        threshold, group_key = len(genesis.commitments), genesis.commitments[0].hex()
        described["coin"] = {"threshold": threshold, "group_key": group_key}
    return described
