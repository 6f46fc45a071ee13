"""Follows the final chain of a network, from whichever node answers."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from node.client import Client, ClientError

BLOCKS_PER_ROUND_MAX = 200
ANSWER_TIMEOUT_S = 1.0
"""A node that hangs, as a paused one does, must not hide what the others have decided."""


class FinalBlock(NamedTuple):
    """What became of transactions at one height: ids in hex, and the reasons of the failed."""

    height: int
    transactions: Sequence[str]
    failed: Mapping[str, str]


class FinalBlocks:
    """Hands out each final block above `height` once, in order.

    It stays with one node while that answers and has news, else it asks the next one.
    """

    def __init__(self, clients: Sequence[Client], height: int) -> None:
        self._clients = list(clients)
        self._at = 0
        self.height = height

    async def advance(self) -> list[FinalBlock]:
        """What became final since the last call; nothing where no node answers or has news."""
        blocks: list[FinalBlock] = []
        for _ in self._clients:
            try:
                await self._read(self._clients[self._at], blocks)
            except (ClientError, TimeoutError):
                self._at = (self._at + 1) % len(self._clients)
                continue
            if blocks:
                break
            self._at = (self._at + 1) % len(self._clients)
        return blocks

    async def _read(self, client: Client, blocks: list[FinalBlock]) -> None:
        """Append what this node knows beyond `height`; raises `ClientError` or `TimeoutError`."""
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            final_height = (await client.status()).final_height
        last = min(final_height, self.height + BLOCKS_PER_ROUND_MAX)
        for height in range(self.height + 1, last + 1):
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                answer = await client.block(height)
            ids = [id_.hex() for id_ in answer.transactions]
            blocks.append(FinalBlock(height, ids, answer.failed))
            self.height = height
