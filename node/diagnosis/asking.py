"""Asks nodes over HTTP what `node.diagnosis.network` concludes from."""

import asyncio
import dataclasses
from collections.abc import Sequence

from node.client import Client, ClientError
from node.diagnosis.network import Told


async def ask_node(client: Client, name: str, url: str, condition: str = "") -> Told:
    """Status and engine of one node, which may not answer."""
    try:
        status, engine = await asyncio.gather(client.status(), client.engine())
    except ClientError:
        return Told(name, url, condition=condition)
    return Told(name or status.name, url, status, engine, condition)


async def add_common_blocks(clients: Sequence[Client], told: Sequence[Told]) -> list[Told]:
    """Every node's block at the lowest final height among them, where more than one answers."""
    heights = [one.status.final_height for one in told if one.status]
    if len(heights) < 2:
        return list(told)
    lowest = min(heights)
    return list(
        await asyncio.gather(
            *(add_block(client, one, lowest) for client, one in zip(clients, told, strict=True))
        )
    )


async def add_block(client: Client, told: Told, height: int) -> Told:
    """The id of one node's block at a height, if it still answers."""
    if told.engine is None:
        return told
    try:
        block = await client.block(height)
    except ClientError:
        return told
    return dataclasses.replace(told, common_id=block.id)
