"""The demo load of a network in the background, in a process of its own."""

import asyncio
from contextlib import AsyncExitStack

from node.client import Client
from node.testnet.demo import start_demo
from node.testnet.network import Network
from node.testnet.waiting import finish_unless

CHECK_S = 1.0
TIMEOUT_S = 5.0


async def feed_network(
    network: Network, rate: float, seconds: float | None, stopping: asyncio.Event
) -> None:
    """Send payments until `stopping`, or for so many seconds."""
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(Client(member.url, TIMEOUT_S))
            for member in network.members
        ]
        load = await start_demo(clients, network.demo_keys(), rate)
        try:
            while not stopping.is_set() and (seconds is None or load.seconds < seconds):
                load.check()
                left_s = CHECK_S if seconds is None else min(CHECK_S, seconds - load.seconds)
                await finish_unless(stopping, asyncio.sleep(left_s))
        finally:
            await load.close()
