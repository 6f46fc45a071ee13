"""Several APIs over one order of transactions; a node that nobody makes look may lag behind it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from ledger.transaction import Envelope, decode_transaction
from node.api.app import make_app
from node.api.backend import Freshness, Outcome, Submission, TransactionView
from node.api.server import open_server
from node.client import Client
from tests.node.api.ledger_backend import LedgerBackend


class Order:
    """What all nodes execute, sooner or later, and what waits for a number before it."""

    def __init__(self) -> None:
        self.executed: list[Envelope] = []
        self.waiting: dict[bytes, Envelope] = {}
        self.nonces: dict[bytes, int] = {}
        self.changed = asyncio.Event()

    def add(self, envelope: Envelope) -> None:
        self.waiting[envelope.id] = envelope
        while ready := [one for one in self.waiting.values() if self.is_next(one)]:
            one = ready[0]
            del self.waiting[one.id]
            self.executed.append(one)
            self.nonces[one.transaction.sender] = one.transaction.nonce + 1
        self.changed.set()
        self.changed = asyncio.Event()

    def is_next(self, envelope: Envelope) -> bool:
        body = envelope.transaction
        return self.nonces.get(body.sender, 0) == body.nonce


class Replica(LedgerBackend):
    """One node; `is_honest` ones have caught up when they confirm a read."""

    def __init__(self, order: Order, *, is_honest: bool, faults: int, seed: int) -> None:
        super().__init__(count_max=10_000)
        self.order = order
        self.is_honest = is_honest
        self.faults = faults
        self.random = Random(seed)

    def catch_up(self) -> None:
        for envelope in self.order.executed[self.chain.height :]:
            self.make_block(envelope)

    def happens(self) -> bool:
        return self.random.randrange(100) < self.faults

    async def submit(self, raws: Sequence[bytes]) -> list[Submission]:
        self.catch_up()
        if self.happens():
            return [Submission(Outcome.REJECTED, reason="node-stopping", unavailable=True)]
        if self.happens():
            raise OSError("the node died before it had taken the transaction")
        answers = await super().submit(raws)
        if answers[0].outcome is Outcome.ACCEPTED:
            self.order.add(decode_transaction(raws[0]))
        if self.happens():
            raise OSError("the node died after it had taken the transaction")
        return answers

    async def wait_final(self, transaction_id: bytes, timeout_s: float) -> TransactionView | None:
        try:
            async with asyncio.timeout(timeout_s):
                while transaction_id in self.order.waiting:
                    await self.order.changed.wait()
        except TimeoutError:
            return self.transaction(transaction_id)
        self.catch_up()
        return self.transaction(transaction_id)

    async def confirm_read(self, timeout_s: float) -> Freshness:
        if self.happens():
            return Freshness.UNCONFIRMED
        if self.is_honest:
            self.catch_up()
        return await super().confirm_read(timeout_s)


@asynccontextmanager
async def serve(
    count: int = 3, *, is_honest: bool = True, faults: int = 0
) -> AsyncIterator[tuple[list[Client], list[Replica]]]:
    """So many nodes, and a client of each; `faults` of a hundred requests go wrong in each way."""
    order = Order()
    nodes = [
        Replica(order, is_honest=is_honest, faults=faults, seed=number) for number in range(count)
    ]
    async with AsyncExitStack() as stack:
        clients = []
        for node in nodes:
            server = await open_server(make_app(node), "127.0.0.1", 0, node.metrics)
            stack.push_async_callback(server.close)
            clients.append(await stack.enter_async_context(Client(server.url)))
        yield clients, nodes
