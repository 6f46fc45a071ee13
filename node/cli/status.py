"""`quorate status`: what a person asks a node first."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from node.cli.asynchronous import asynchronous
from node.cli.output import EXIT_FAILURE, print_json, print_pairs
from node.cli.remote import DEFAULT_URL, Json, RequestError
from node.client import Client
from node.errors import NodeError

CHECK_TIMEOUT_S = 3.0
"""A probe that hangs is a no."""

Urls = Annotated[
    list[str] | None,
    typer.Option(
        "--url",
        "--node",
        envvar="QUORATE_URL",
        help=f"A node's HTTP API; with --why repeat it for several nodes. Default: {DEFAULT_URL}.",
    ),
]
Why = Annotated[
    bool,
    typer.Option("--why", help="Say in words why it moves or stands still, and what to do next."),
]
Home = Annotated[
    Path | None,
    typer.Option(
        help="With --why: a testnet's folder, all of whose nodes are asked."
        " Default without --url: the present folder, if it is one."
    ),
]


class NotReadyError(NodeError):
    """The node answers, and says that clients should not be sent to it now."""

    reason = "not-ready"


@asynchronous
async def status(
    *,
    url: Urls = None,
    why: Why = False,
    home: Home = None,
    check: Annotated[
        bool, typer.Option("--check", help="Say nothing but why, and fail unless it is ready.")
    ] = False,
    json: Json = False,
) -> None:
    """Say who a node is and where it stands; with --why, what it waits for and because of whom.

    The exit status is 0 if it answered, with --check only if it also says that it is ready, with
    --why only if the network has no fault as far as those tell that were asked.
    """
    urls = url or []
    if why and not check:
        raise typer.Exit(0 if await show_why(urls, home, json=json) else EXIT_FAILURE)
    if why or home is not None or len(urls) > 1:
        raise RequestError(
            "without --why one node is asked, named by --url",
            advice="add --why (without --check), or see `quorate testnet status`",
        )
    if check:
        await check_ready(urls[0] if urls else DEFAULT_URL)
    else:
        await show_status(urls[0] if urls else DEFAULT_URL, json=json)


async def show_why(urls: list[str], home: Path | None, *, json: bool) -> bool:
    """Ask one node or many; is there no fault."""
    from node.cli.why import ask_testnet, ask_urls, explain, find_testnet  # noqa: PLC0415 - for probes

    if urls and home is not None:
        raise RequestError(
            "--url and --home name nodes in two ways", advice="leave one of them out"
        )
    home = home or (None if urls else find_testnet())
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


async def check_ready(url: str) -> None:
    """Raise `ClientError` or `NotReadyError` unless the node at `url` wants clients."""
    async with Client(url, timeout_s=CHECK_TIMEOUT_S) as client:
        answer = await client.status()
    if not answer.ready:
        raise NotReadyError(f"{url} is {answer.state}", advice="its log says what it waits for")
