"""`quorate status`: what a person asks a node first."""

import asyncio
from typing import Any

from node.cli.asynchronous import asynchronous
from node.cli.output import print_json, print_pairs
from node.cli.remote import DEFAULT_URL, Json, Url
from node.client import Client


@asynchronous
async def status(*, url: Url = DEFAULT_URL, json: Json = False) -> None:
    """Say who a node is, where it stands, and why it is not moving, if it is not."""
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
