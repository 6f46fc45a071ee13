"""Questions about the chain that any node may answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from ledger.address import encode_address
from ledger.keys import KeyPair
from node.api.models import AccountAnswer, SubmissionAnswer
from node.api.node_models import StatusAnswer
from node.client import Client, ClientError

LOOKUPS_AT_ONCE = 16
Answer = TypeVar("Answer")


class Reader:
    """Asks the first node, and the next ones where that does not answer."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._clients = clients

    async def _ask(self, question: Callable[[Client], Awaitable[Answer]]) -> Answer:
        """Raises the last `ClientError` where no node answers."""
        for client in self._clients[:-1]:
            try:
                return await question(client)
            except ClientError:
                continue
        return await question(self._clients[-1])

    async def status(self) -> StatusAnswer:
        """Where the chain stands."""
        return await self._ask(lambda client: client.status())

    async def account(self, key: KeyPair) -> AccountAnswer:
        """How an account stands."""
        address = encode_address(key.public_key)
        return await self._ask(lambda client: client.account(address))

    async def submit(self, raw: bytes, wait_s: float) -> SubmissionAnswer:
        """Send one transaction and wait for its outcome; the same bytes to each node in turn."""
        return await self._ask(lambda client: client.submit(raw, wait_s))

    async def nonces(self, keys: Sequence[KeyPair]) -> list[int]:
        """How many transactions of each account the chain holds."""
        gate = asyncio.Semaphore(LOOKUPS_AT_ONCE)

        async def look_up(key: KeyPair) -> int:
            async with gate:
                return (await self.account(key)).nonce

        return list(await asyncio.gather(*(look_up(key) for key in keys)))
