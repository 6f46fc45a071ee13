"""`quorate testnet add-validator` and the like: the committee of a testnet, changed while it runs."""

from typing import Annotated

import typer

from node.cli.asynchronous import asynchronous
from node.cli.output import print_json, say
from node.cli.testnet_options import Home, Json, choose_home
from node.testnet.membership import (
    Carried,
    Change,
    change_committee,
    extend_network,
    open_changing,
    prepare_candidate,
    read_key,
)
from node.testnet.network import Network
from node.testnet.supervisor import Supervisor

Faults = Annotated[
    int | None, typer.Option(min=0, help="Faults the new committee is to stand. Default: as now.")
]
Node = Annotated[int, typer.Argument(metavar="N", help="Number of the node, from 0.")]
Candidate = Annotated[
    int | None,
    typer.Argument(metavar="[N]", help="Number of a following node. Default: a new node."),
]


def add_commands(app: typer.Typer) -> None:
    """Put the commands into the group `testnet`."""
    app.command("add-validator")(add_validator)
    app.command("remove-validator")(remove_validator)
    app.command("replace-validator")(replace_validator)


@asynchronous
async def add_validator(
    index: Candidate = None, *, home: Home = None, faults: Faults = None, json: Json = False
) -> None:
    """Let a follower that has caught up become a validator, while the network runs.

    Without N a new node is started first; it calls the others at their own addresses, so the links
    that it makes are not cut by `partition`.
    """
    network, index = await prepare(open_changing(choose_home(home)), index)
    add = read_key(network.member(index)).public_key
    carried = await change_committee(network, Change(add=add, faults=faults))
    tell(carried, f"node {index} is a validator", index, json=json)


@asynchronous
async def remove_validator(
    index: Node, *, home: Home = None, faults: Faults = None, json: Json = False
) -> None:
    """Let a validator become a follower, while the network runs; the node goes on."""
    network = open_changing(choose_home(home))
    remove = read_key(network.member(index)).public_key
    carried = await change_committee(network, Change(remove=remove, faults=faults))
    tell(carried, f"node {index} is a validator no more", index, json=json)


@asynchronous
async def replace_validator(
    old: Node,
    index: Candidate = None,
    *,
    home: Home = None,
    faults: Faults = None,
    json: Json = False,
) -> None:
    """Let a follower take a validator's place at once, while the network runs."""
    network, index = await prepare(open_changing(choose_home(home)), index)
    change = Change(
        read_key(network.member(index)).public_key,
        read_key(network.member(old)).public_key,
        faults,
    )
    tell(await change_committee(network, change), f"node {index} for node {old}", index, json=json)


async def prepare(network: Network, index: int | None) -> tuple[Network, int]:
    """The network with the node that is to be a validator, up and level with the others."""
    if index is None:
        index, network = network.plan.nodes, extend_network(network)
        say(f"made node {index}: {network.member(index).home}")
    await prepare_candidate(Supervisor(network), index)
    return network, index


def tell(carried: Carried, what: str, index: int, *, json: bool) -> None:
    """What has changed, for people or machines."""
    if json:
        print_json({"node": index, "since": carried.since, "seconds": round(carried.seconds, 3)})
    else:
        say(f"{what} above height {carried.since} ({carried.seconds:.1f} s after the first vote)")
