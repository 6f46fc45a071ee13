"""`quorate status`: what a person asks a node first."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from node.cli.asynchronous import asynchronous
from node.cli.output import EXIT_FAILURE, print_json, print_pairs
from node.cli.remote import DEFAULT_URL, Json, RequestError
from node.cli.why import ask_testnet, ask_urls, explain
from node.client import Client
from node.testnet.network import exists

Urls = Annotated[
    list[str] | None,
    typer.Option(
        "--url",
        "--node",
        help=f"A node's HTTP API; with --why repeat it for several nodes. Default: {DEFAULT_URL}.",
    ),
]
Why = Annotated[
    bool,
    typer.Option(
        "--why",
        help="Say in words why it moves or stands still, and what to do; status 1 where it has a fault.",
    ),
]
Home = Annotated[
    Path | None,
    typer.Option(
        help="With --why: a testnet's folder, all of whose nodes are asked."
        " Default without --url: the present folder, if it is one."
    ),
]


@asynchronous
async def status(
    *, url: Urls = None, why: Why = False, home: Home = None, json: Json = False
) -> None:
    """Say who a node is, where it stands, and with --why what it waits for and because of whom."""
    if why:
        raise typer.Exit(0 if await show_why(url or [], home, json=json) else EXIT_FAILURE)
    if home is not None or len(url or []) > 1:
        raise RequestError(
            "without --why one node is asked, named by --url",
            advice="add --why, or see `quorate testnet status`",
        )
    await show_status(url[0] if url else DEFAULT_URL, json=json)


async def show_why(urls: list[str], home: Path | None, *, json: bool) -> bool:
    """Ask one node or many; is there no fault."""
    if urls and home is not None:
        raise RequestError(
            "--url and --home name nodes in two ways", advice="leave one of them out"
        )
    if home is None and not urls and exists(Path()):
        home = Path()
    told = await (ask_urls(urls or [DEFAULT_URL]) if home is None else ask_testnet(home))
    return explain(told, json=json)


async def show_status(url: str, *, json: bool) -> None:
    """What one node says of itself."""
    async with Client(url) as client:
        answer, engine, committee = await asyncio.gather(
            client.status(), client.engine(), client.validators()
        )
    plain: dict[str, Any] = answer.model_dump(mode="json")
    plain["view"], plain["why"] = engine.view, engine.headline
    plain["validators"], plain["committee_since"] = len(committee.validators), committee.since
    if json:
        print_json(plain)
    else:
        alarms = ", ".join(answer.alarms) or "none"
        print_pairs({**plain, "alarms": alarms})
