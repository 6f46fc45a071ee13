"""`quorate testnet logs`: what the nodes have written, one or all of them, also while they write."""

import asyncio
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from node.cli.asynchronous import asynchronous, stop_on_signal
from node.cli.output import EXIT_USAGE, answers, fail, print_line, say
from node.cli.testnet_options import Home, LogLevelName, choose_home
from node.logs.files import list_log_files
from node.testnet.errors import ClusterError
from node.testnet.log_entries import LEVELS, LogEntry, Wanted, describe_fields
from node.testnet.log_following import follow_logs
from node.testnet.log_streams import LogStream, read_last
from node.testnet.network import Network, open_network
from node.testnet.plan import Member

NODE_STYLES = ("cyan", "magenta", "green", "blue", "yellow", "bright_red", "bright_cyan", "white")
LEVEL_STYLES = {"debug": "dim", "warning": "yellow", "error": "bold red", "critical": "bold red"}
CLOCK = slice(len("2026-01-01T"), len("2026-01-01T00:00:00.000"))
UNDATED = " " * (CLOCK.stop - CLOCK.start)

Numbers = Annotated[
    list[int] | None, typer.Argument(metavar="[N]...", help="Numbers of nodes, from 0.")
]
Nodes = Annotated[
    list[int] | None, typer.Option("--node", metavar="N", help="The same; for use with --merge.")
]
Merge = Annotated[
    bool, typer.Option("--merge", help="All nodes, or those named, in one stream by time.")
]
Follow = Annotated[
    bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
]
Lines = Annotated[int, typer.Option(min=0, help="How many of the last lines of each node.")]
Level = Annotated[LogLevelName | None, typer.Option(help="Only lines from this level up.")]
Grep = Annotated[
    str | None, typer.Option(metavar="REGEX", help="Only lines in which this is found.")
]
Event = Annotated[
    str | None, typer.Option(metavar="WORDS", help="Only lines whose event has these words.")
]
Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Lines as they are, JSON each; what a node wrote otherwise as `raw`."
    ),
]


@asynchronous
async def logs(
    numbers: Numbers = None,
    *,
    home: Home = None,
    nodes: Nodes = None,
    merge: Merge = False,
    follow: Follow = False,
    lines: Lines = 50,
    level: Level = None,
    grep: Grep = None,
    event: Event = None,
    json: Json = False,
) -> None:
    """Print the end of nodes' logs: one node, several by time, or with --merge all of them."""
    network = open_network(choose_home(home))
    members = choose_members(network, [*(numbers or ()), *(nodes or ())], merge=merge)
    wanted = Wanted(level or LEVELS[0], compile_pattern(grep), event)
    show = choose_show(members, json=json)
    with ExitStack() as stack:
        streams = [
            stack.enter_context(closing(LogStream(member.name, member.log_path)))
            for member in members
        ]
        if follow:
            stopping = asyncio.Event()
            with stop_on_signal(stopping.set):
                await follow_logs(streams, wanted, show, stopping, lines)
        else:
            show_end(streams, wanted, show, lines)
    if silent := [member.name for member in members if not list_log_files(member.log_path)]:
        say(f"no log yet: {', '.join(silent)}")


def show_end(
    streams: Sequence[LogStream], wanted: Wanted, show: Callable[[LogEntry], None], lines: int
) -> None:
    """The last lines, one whose end is missing included."""
    for entry in read_last(streams, wanted, lines):
        show(entry)
    for stream in streams:
        for entry in filter(wanted.takes, stream.finish()):
            show(entry)


def choose_members(network: Network, indices: Sequence[int], *, merge: bool) -> list[Member]:
    """Whose logs are shown; raises `ClusterError` (no-such-node)."""
    if not indices and not merge:
        last = network.plan.nodes - 1
        refused = ClusterError(
            "whose log, of all these nodes",
            reason="no-node-named",
            advice=f"name one from 0 to {last}, or take all with --merge",
        )
        raise fail(refused, EXIT_USAGE)
    if not indices:
        return list(network.members)
    return [network.member(index) for index in sorted(set(indices))]


def compile_pattern(text: str | None) -> re.Pattern[str] | None:
    """The regular expression of `--grep`."""
    try:
        return None if text is None else re.compile(text)
    except re.error as error:
        raise typer.BadParameter(f"--grep {text!r} is no regular expression: {error}") from error


def choose_show(members: Sequence[Member], *, json: bool) -> Callable[[LogEntry], None]:
    """How one entry is printed."""
    if json:
        return lambda entry: print_line(entry.to_json())
    names = [member.name for member in members]
    styles = {name: NODE_STYLES[i % len(NODE_STYLES)] for i, name in enumerate(names)}
    width = max(map(len, names))

    def show(entry: LogEntry) -> None:
        print_entry(answers, entry, styles[entry.node], width)

    return show


def print_entry(console: Console, entry: LogEntry, style: str, width: int) -> None:
    """One entry for people: time, node in its colour, level, event, fields, and the trace below."""
    clock = entry.timestamp[CLOCK] or UNDATED
    head = Text.assemble((clock, "dim"), " ", (f"{entry.node:<{width}}", style), " ")
    if entry.fields is None:
        line = head + Text(entry.text, style="red")
    else:
        level = (f"{entry.level:<8}", LEVEL_STYLES.get(entry.level, ""))
        line = head + Text.assemble(level, (entry.event, "bold"), " ")
        line.append(describe_fields(entry), style="dim")
        line.rstrip()
        for row in str(entry.fields.get("exception") or "").splitlines():
            line.append(f"\n    {row}", style="red")
    console.print(line, soft_wrap=True)
    sys.stdout.flush()
