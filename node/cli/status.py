"""`quorate status`: what a person asks a node first."""

import asyncio
from typing import Annotated, Any

import typer

from node.cli.asynchronous import asynchronous
from node.cli.output import print_json, print_pairs
from node.cli.remote import DEFAULT_URL, Json, Url
from node.client import Client
from node.errors import NodeError

CHECK_TIMEOUT_S = 3.0
"""A probe that hangs is a no."""


class NotReadyError(NodeError):
    """The node answers, and says that clients should not be sent to it now."""

    reason = "not-ready"


@asynchronous
async def status(
    *,
    url: Url = DEFAULT_URL,
    check: Annotated[
        bool, typer.Option("--check", help="Say nothing but why, and fail unless it is ready.")
    ] = False,
    json: Json = False,
) -> None:
    """Say who a node is, where it stands, and why it is not moving, if it is not.

    The exit status is 0 if it answered, with --check only if it also says that it is ready.
    """
    if check:
        await check_ready(url)
        return
    async with Client(url) as client:
        answer, engine, committee = await asyncio.gather(
            client.status(), client.engine(), client.validators()
        )
    plain: dict[str, Any] = answer.model_dump(mode="json")
    plain["view"], plain["why"] = engine.view, engine.why
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
