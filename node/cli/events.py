"""`quorate events`: what happens at a node, as it happens."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from node.api.node_models import EventAnswer
from node.cli.asynchronous import asynchronous, stop_on_signal
from node.cli.output import print_json, print_line
from node.cli.remote import DEFAULT_URL, Json, Url
from node.client import Client
from node.subscription import Wanted, follow

ID_CHARS = 12
"""Of a hash, for people."""


@asynchronous
async def events(
    *,
    url: Url = DEFAULT_URL,
    follow_: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what happens from now.")
    ] = False,
    kinds: Annotated[
        str, typer.Option(help="Only these, with commas between: block,final,transaction,…")
    ] = "",
    address: Annotated[
        str, typer.Option(help="Only transactions of these accounts, with commas between.")
    ] = "",
    transaction: Annotated[
        str, typer.Option(help="Only these transactions, by hash, with commas between.")
    ] = "",
    after: Annotated[
        str | None,
        typer.Option(
            help="Begin after this cursor, `oldest` for all that is kept, or `now`. By default"
            " `now` with --follow, else `oldest`."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Tell what happened at a node, or with --follow what happens, across its restarts.

    With --json one object on each line; its `cursor` is what --after takes.
    """
    wanted = Wanted(
        kinds=_split(kinds),
        addresses=_split(address),
        transactions=_split(transaction),
        after=after or ("now" if follow_ else "oldest"),
        follow=follow_,
    )
    task = asyncio.create_task(_print_all(url, wanted, json))
    with stop_on_signal(lambda: _stop(task)), suppress(asyncio.CancelledError):
        await task


def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


async def _print_all(url: str, wanted: Wanted, json: bool) -> None:
    async with Client(url) as client:
        async for event in follow(client, wanted):
            if json:
                print_json(event.model_dump(mode="json", exclude_none=True))
            else:
                print_line(describe(event))


def describe(event: EventAnswer) -> str:
    """One line for people: when (UTC), what, at which height, and what about it."""
    at = datetime.fromtimestamp(event.time_ms / 1000, UTC)
    height = "" if event.height is None else str(event.height)
    clock = f"{at:%H:%M:%S}.{event.time_ms % 1000:03}"
    return f"{clock}  {event.kind:<14}  {height:>8}  {_describe_data(event)}".rstrip()


def _describe_data(event: EventAnswer) -> str:
    data = event.data
    match event.kind:
        case "block":
            failed = f", {data['failed']} failed" if data.get("failed") else ""
            return f"{_short(data)}  {data.get('transactions', '?')} transactions{failed}"
        case "final":
            return _short(data)
        case "reorganisation":
            return f"{data['depth']} blocks undone above {data['fork_height']}"
        case "transaction":
            reason = f" ({data['reason']})" if data.get("reason") else ""
            return f"{_short(data)}  {data['status']}{reason}"
        case "view":
            leader = f", {data['leader']} leads" if data.get("leader") else ""
            return f"{data['previous']} → {data['view']}{leader}"
        case "peer":
            return f"{data['name'] or data['public_key'][:ID_CHARS]} {data['state']}"
        case _:
            return "  ".join(f"{name}={_plain(value)}" for name, value in data.items())


def _short(data: dict[str, Any]) -> str:
    return str(data["id"])[:ID_CHARS]


def _plain(value: Any) -> str:
    return str(len(value)) if isinstance(value, list) else str(value)
