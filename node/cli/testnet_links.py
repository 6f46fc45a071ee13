"""`quorate testnet partition` and `heal`: the links between the nodes, cut and mended."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from node.cli.asynchronous import asynchronous, stop_on_signal
from node.cli.output import EXIT_USAGE, fail, say
from node.cli.testnet_options import Home, choose_home
from node.testnet.errors import ClusterError
from node.testnet.groups import Groups, parse_groups
from node.testnet.link_control import check_switchable, describe_links, switch_links
from node.testnet.network import open_network
from node.testnet.supervisor import Supervisor
from node.testnet.switchboard import run_switchboard

GroupsText = Annotated[
    str,
    typer.Argument(
        metavar="GROUPS", help="Every node once, groups apart by a slash: 0,1/2,3 for four nodes."
    ),
]


@contextmanager
def refusing() -> Iterator[None]:
    """What cannot be done as it was asked for ends the command with status 2."""
    try:
        yield
    except ClusterError as error:
        raise fail(error, EXIT_USAGE) from error


def add_commands(app: typer.Typer) -> None:
    """Put the commands into the group `testnet`."""
    app.command("partition")(partition)
    app.command("heal")(heal)
    app.command("links", hidden=True)(links)


@asynchronous
async def partition(groups: GroupsText, home: Home = None) -> None:
    """Cut the network: nodes of different groups lose their links until `heal`.

    A second partition replaces the first. Where blocks are final after a number of confirmations,
    heal before both sides have made different ones final, which no side takes back: nodes stop then.
    For a longer look make the network with more confirmations (`--parameter depth=100`).
    """
    with refusing():
        supervisor = Supervisor(open_network(choose_home(home)))
        wanted = parse_groups(groups, supervisor.network.plan.nodes)
        await switch(supervisor, wanted)


@asynchronous
async def heal(home: Home = None) -> None:
    """Mend all links that `partition` has cut; the nodes find each other within seconds."""
    with refusing():
        await switch(Supervisor(open_network(choose_home(home))), ())


async def switch(supervisor: Supervisor, groups: Groups) -> None:
    """Carry it out and say how the links stand."""
    check_switchable(supervisor)
    state = await switch_links(supervisor, groups)
    say(describe_links(supervisor.network, state))


@asynchronous
async def links(home: Home = None) -> None:
    """Relay the links of a network: what `start` and `run` leave behind."""
    stopping = asyncio.Event()
    with stop_on_signal(stopping.set):
        await run_switchboard(open_network(choose_home(home)), stopping)
