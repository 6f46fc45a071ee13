"""`quorate testnet partition` and `heal`: the links between the nodes, cut and mended."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from node.cli.asynchronous import asynchronous, stop_on_signal
from node.cli.output import EXIT_USAGE, fail, say
from node.cli.testnet_options import Home, choose_home
from node.manifests.quantities import parse_duration, parse_rate
from node.testnet.errors import ClusterError
from node.testnet.groups import Groups, parse_groups
from node.testnet.link_control import check_switchable, describe_links, slow_links, switch_links
from node.testnet.network import open_network
from node.testnet.slowness import Slowness
from node.testnet.supervisor import Supervisor
from node.testnet.switchboard import Slow, run_switchboard

GroupsText = Annotated[
    str,
    typer.Argument(
        metavar="GROUPS", help="Every node once, groups apart by a slash: 0,1/2,3 for four nodes."
    ),
]


Links = Annotated[
    list[str] | None,
    typer.Argument(metavar="[A-B]...", help="Pairs of nodes, as 0-1. Default: all links."),
]
Delay = Annotated[str, typer.Option(metavar="TIME", help="As 100ms or 2s.")]
Jitter = Annotated[str, typer.Option(metavar="TIME", help="Drawn for each piece, up to this.")]
RateText = Annotated[
    str | None, typer.Option("--rate", metavar="RATE", help="As 64kB/s. Default: no bound.")
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
    app.command("slow-link")(slow_link)
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
async def slow_link(
    links: Links = None,
    *,
    home: Home = None,
    delay: Delay = "0ms",
    jitter: Jitter = "0ms",
    rate: RateText = None,
) -> None:
    """Make links slow, both ways: those named, or all; `heal` undoes it.

    Every byte comes DELAY later and up to JITTER more, in order; RATE bounds what gets through each
    way. Without any of them the links are fast again.
    """
    slowness = Slowness(
        parse_option(parse_duration, "--delay", delay),
        parse_option(parse_duration, "--jitter", jitter),
        0 if rate is None else parse_option(parse_rate, "--rate", rate),
    )
    with refusing():
        pairs = tuple(parse_link(text) for text in links or ())
        supervisor = Supervisor(open_network(choose_home(home)))
        check_switchable(supervisor)
        state = await slow_links(supervisor, Slow(slowness, pairs))
        say(describe_links(supervisor.network, state))


def parse_option(parse: Callable[[object], int], name: str, text: str) -> int:
    """A time or a rate; what is none ends the command."""
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=name) from error


def parse_link(text: str) -> tuple[int, int]:
    """`0-1` as the two nodes."""
    one, dash, other = text.partition("-")
    if not (dash and one.isascii() and one.isdigit() and other.isascii() and other.isdigit()):
        raise ClusterError(
            f"{text!r} is no link", reason="bad-links", advice="name two nodes, as in 0-1"
        )
    return int(one), int(other)


@asynchronous
async def heal(home: Home = None) -> None:
    """Mend all links that `partition` has cut or `slow-link` slowed; the nodes find each other within seconds."""
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
