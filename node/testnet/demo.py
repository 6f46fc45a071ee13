"""The demo load: small payments between the network's demo accounts at a steady rate.

Each node has a lane of its own with its own accounts, and each account its next nonce. A payment
that a node takes is followed until it is final; an account that had one refused or dropped is
retired, because all that follow would wait for the missing nonce.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.address import encode_address
from ledger.keys import KeyPair
from ledger.transaction import Transfer, build
from node.client import Client
from node.load.courier import Courier
from node.load.final_blocks import FinalBlocks
from node.load.lane import Lane
from node.load.parcel import Fate, Parcel
from node.load.tracker import Tracker

POLL_S = 0.05
VALID_HEIGHTS = 1_000_000
UNANSWERED_MAX_S = 5.0
"""After the load has stopped, how long an answer that is still missing is waited for."""


@dataclass(slots=True)
class Account:
    """One demo account."""

    key: KeyPair
    nonce: int
    last: Parcel | None = None

    @property
    def is_usable(self) -> bool:
        """Would its next payment have a chance."""
        return self.last is None or self.last.fate not in {Fate.REFUSED, Fate.DROPPED}


class Purse:
    """The accounts of one lane, in turn; makes its payments when they are due.

    Payment k of the whole load is due k / rate seconds after `started_at`; this lane takes every
    `stride`-th, from number `first` on.
    """

    def __init__(
        self,
        accounts: Sequence[Account],
        chain_id: bytes,
        valid_until: int,
        schedule: "Schedule",
        first: int,
    ) -> None:
        self._accounts = list(accounts)
        self._chain_id = chain_id
        self._valid_until = valid_until
        self._schedule = schedule
        self._next = first

    def make(self, now: float, most: int) -> list[Parcel]:
        """The payments that are due, signed; at most `most`."""
        parcels: list[Parcel] = []
        while len(parcels) < most and (due_at := self._schedule.due_at(self._next)) <= now:
            self._next += self._schedule.stride
            if parcel := self._pay(due_at):
                parcels.append(parcel)
        return parcels

    def is_done(self) -> bool:
        """Has the load been stopped."""
        return asyncio.get_running_loop().time() >= self._schedule.stopped_at

    def _pay(self, due_at: float) -> Parcel | None:
        account = next((one for one in self._accounts if one.is_usable), None)
        if account is None:
            return None
        self._accounts.remove(account)
        self._accounts.append(account)  # in turn
        payment = Transfer(self._accounts[0].key.public_key, 1)
        made = build(self._chain_id, account.key, account.nonce, 0, self._valid_until, payment)
        account.nonce += 1
        account.last = Parcel(made.id.hex(), made.raw, due_at)
        return account.last


@dataclass(slots=True)
class Schedule:
    """When each payment is due; nothing is due once it has been stopped."""

    rate: float
    stride: int
    started_at: float
    stopped_at: float = float("inf")

    def due_at(self, number: int) -> float:
        """The loop's time at which payment `number` is due."""
        due_at = self.started_at + number / self.rate
        return due_at if due_at < self.stopped_at else float("inf")


class DemoLoad:
    """A running load; made by `start_demo`."""

    def __init__(
        self, clients: Sequence[Client], purses: Sequence[Purse], schedule: Schedule, height: int
    ) -> None:
        self.tracker = Tracker()
        self.courier = Courier(clients)
        self._clients = clients
        self._schedule = schedule
        self._blocks = FinalBlocks(clients, height)
        self._looked = asyncio.Event()
        lanes = [
            Lane(self.courier, self.tracker, purse, number) for number, purse in enumerate(purses)
        ]
        self._sending = [asyncio.create_task(lane.run()) for lane in lanes]
        self._following = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self.tracker.on_blocks(await self._blocks.advance(), loop.time())
            self._looked.set()
            await asyncio.sleep(POLL_S)

    def check(self) -> None:
        """Raise what a task of the load failed with, if one did."""
        for task in (*self._sending, self._following):
            if task.done() and not task.cancelled():
                task.result()

    @property
    def seconds(self) -> float:
        """How long the load has been on."""
        until = min(self._schedule.stopped_at, asyncio.get_running_loop().time())
        return until - self._schedule.started_at

    async def finish(self, timeout_s: float) -> tuple[int, int]:
        """Stop the load and wait, at most so long, for what was accepted to become final.

        Returns how many are pending even so, and how many are lost.
        """
        loop = asyncio.get_running_loop()
        self._schedule.stopped_at = min(self._schedule.stopped_at, loop.time())
        deadline = loop.time() + timeout_s
        await asyncio.wait(self._sending, timeout=min(UNANSWERED_MAX_S, timeout_s))
        await self._end(self._sending)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await self._wait_settled()
        await self._end([self._following])
        return await self.tracker.inquire(self._clients, loop.time())

    async def _wait_settled(self) -> None:
        while self.tracker.waiting:
            self._looked.clear()
            await self._looked.wait()

    async def close(self) -> None:
        """Stop at once."""
        await self._end([*self._sending, self._following])

    async def _end(self, tasks: Sequence["asyncio.Task[None]"]) -> None:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


async def start_demo(clients: Sequence[Client], keys: Sequence[KeyPair], rate: float) -> DemoLoad:
    """Read where the accounts stand and start the load; `rate` is in transactions a second.

    Raises `ClientError` where the first node does not answer.
    """
    status = await clients[0].status()
    nonces = [(await clients[0].account(encode_address(key.public_key))).next_nonce for key in keys]
    accounts = [Account(key, nonce) for key, nonce in zip(keys, nonces, strict=True)]
    lanes = len(clients)
    schedule = Schedule(rate, lanes, asyncio.get_running_loop().time())
    valid_until = status.final_height + VALID_HEIGHTS
    purses = [
        Purse(accounts[number::lanes], status.chain_id, valid_until, schedule, number)
        for number in range(lanes)
    ]
    return DemoLoad(clients, purses, schedule, status.final_height)
