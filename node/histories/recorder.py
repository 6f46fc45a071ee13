"""Concurrent clients that read and write registers over HTTP, and write down what they saw.

Each client does one thing at a time, at a random node: it reads a random register, or writes a value
that nobody else writes. A failure that is certain is kept apart from an outcome that is open; what is
open is sent again behind the scenes, the same bytes, so that those who wrote after it get their turn.
In the end every register is read once more.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

import msgspec

from ledger.keys import KeyPair
from ledger.transaction import Envelope
from node.client import Client, ClientError, RefusedError
from node.histories.errors import HistoryError
from node.histories.operation import Kind, Operation
from node.histories.outcome import Written, judge_answer
from node.histories.register import RECORD_KEY, Register

WRITE_WAIT_S = 3.0
"""So long a client waits for a write to become final before it calls the outcome open."""
PAUSE_S = 0.02
"""After a failure, so that a node that is down is not called all the time."""
AGAIN_S = 0.25
FOR_GOOD = frozenset({422, 501})
"""Statuses of reads that no waiting helps."""
SETTLE_S = 20.0
"""How long, after the end, open writes are sent again and the last reads are tried."""


class Plan(msgspec.Struct, frozen=True):
    """What to record; `is_linearizable` says how the clients read."""

    clients: int = 6
    registers: int = 4
    seconds: float = 20.0
    is_linearizable: bool = True
    seed: int = 0


Note = Callable[[Operation], None]
"""Told of every operation, when its client knows what became of it."""


class Recorder:
    """Records one history through `clients`, one per node: `prepare`, then `run`."""

    def __init__(self, clients: Sequence[Client], plan: Plan) -> None:
        self._clients = clients
        self._plan = plan
        self._note: Note = lambda _: None
        self._random = Random(plan.seed)  # noqa: S311 - what clients do, not what they sign with
        self._registers: list[Register] = []
        self._started_ns = time.monotonic_ns()
        self._stopping = asyncio.Event()
        self._resolving: set[asyncio.Task[None]] = set()
        self.outcomes: Counter[str] = Counter()
        """Why operations did not succeed."""

    def stop(self) -> None:
        """Begin no further operation."""
        self._stopping.set()

    async def prepare(self) -> None:
        """Get to know the network.

        Raises `HistoryError` where nobody answers, and where a node refuses such reads for good.
        """
        self._registers = await self._make_registers()
        await self._check_reads()

    async def run(self, note: Note) -> None:
        """Record until the time is over; raises `HistoryError` if the last reads fail."""
        self._note = note
        self._started_ns = time.monotonic_ns()
        users = [
            asyncio.create_task(self._use(number), name=f"client-{number}")
            for number in range(self._plan.clients)
        ]
        try:
            await self._wait_for_end(users)
            await asyncio.gather(*users)
            await self._finish()
        finally:
            tasks = [*users, *self._resolving]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait_for_end(self, users: Sequence["asyncio.Task[None]"]) -> None:
        """Until the time is over, somebody stops it, or a client breaks down."""
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait(
            {stopping, *users}, timeout=self._plan.seconds, return_when=asyncio.FIRST_COMPLETED
        )
        self.stop()
        await stopping

    async def _make_registers(self) -> list[Register]:
        """Registers that nobody has written before, for their accounts are new."""
        for client in self._clients:
            try:
                status = await client.status()
            except ClientError:
                continue
            return [
                Register(f"r{number}", KeyPair(os.urandom(32)), status.chain_id, status.head_height)
                for number in range(self._plan.registers)
            ]
        raise HistoryError(
            "no node answers", reason="no-node-answers", advice="start the network first"
        )

    async def _check_reads(self) -> None:
        """Refuse to begin where a node never answers such reads; one that is silent may yet."""
        for client in self._clients:
            try:
                await client.record(
                    self._registers[0].address,
                    RECORD_KEY,
                    linearizable=self._plan.is_linearizable,
                )
            except RefusedError as error:
                if error.status in FOR_GOOD:
                    raise HistoryError(
                        f"{client.url} refuses to be read so: {error}",
                        reason=error.reason,
                        advice="name validators of an engine that confirms reads, or read locally",
                    ) from error
            except ClientError:
                continue

    def now_us(self) -> int:
        """Whole microseconds since the start."""
        return (time.monotonic_ns() - self._started_ns) // 1_000

    async def _use(self, number: int) -> None:
        """One client's life."""
        written = 0
        while not self._stopping.is_set():
            register = self._random.choice(self._registers)
            node = self._random.randrange(len(self._clients))
            if self._random.random() < 0.5:
                succeeded = await self._read(number, register, node)
            else:
                value = f"c{number}-{written}"
                written += 1
                succeeded = await self._write(number, register, node, value)
            if not succeeded:
                await asyncio.sleep(PAUSE_S)

    async def _read(self, number: int, register: Register, node: int) -> bool:
        """One read; without an answer it says nothing."""
        invoked_us = self.now_us()
        begun = Operation(number, register.name, Kind.READ, invoked_us, node=f"node {node}")
        try:
            answer = await self._clients[node].record(
                register.address, RECORD_KEY, linearizable=self._plan.is_linearizable
            )
        except ClientError as error:
            self._complete(begun, failed=True, detail=error.reason)
            return False
        self._complete(begun, value=None if answer.value is None else answer.value.decode())
        return True

    async def _write(self, number: int, register: Register, node: int, value: str) -> bool:
        """One write."""
        envelope = register.sign(value)
        invoked_us = self.now_us()
        begun = Operation(
            number, register.name, Kind.WRITE, invoked_us, value=value, node=f"node {node}"
        )
        written, detail = await self._submit(self._clients[node], envelope)
        if written is Written.UNUSED:
            register.release(envelope)
        elif written is Written.OPEN:
            self._resolve(envelope, node)
        if written is Written.OPEN:
            self.outcomes[f"open: {detail}"] += 1
            self._note(msgspec.structs.replace(begun, detail=detail))
        else:
            self._complete(begun, value=value, failed=written is not Written.DONE, detail=detail)
        return written is Written.DONE

    async def _submit(self, client: Client, envelope: Envelope) -> tuple[Written, str]:
        """Send a write and wait for its outcome."""
        try:
            answer = await client.submit(envelope.raw, WRITE_WAIT_S)
        except ClientError as error:
            return (Written.UNUSED if error.definite else Written.OPEN), error.reason
        return judge_answer(answer), answer.reason or answer.status.value

    def _complete(self, begun: Operation, **fields: object) -> None:
        """An operation whose end is known."""
        one = msgspec.structs.replace(begun, completed_us=self.now_us() + 1, **fields)
        self.outcomes["succeeded" if not one.failed else f"failed: {one.detail}"] += 1
        self._note(one if one.failed else msgspec.structs.replace(one, detail=""))

    def _resolve(self, envelope: Envelope, node: int) -> None:
        """Send an open write again, at one node after the other, until it is settled."""
        task = asyncio.create_task(self._send_again(envelope, node))
        self._resolving.add(task)
        task.add_done_callback(self._resolving.discard)

    async def _send_again(self, envelope: Envelope, node: int) -> None:
        count = len(self._clients)
        while True:
            node = (node + 1) % count
            written, _ = await self._submit(self._clients[node], envelope)
            if written in {Written.DONE, Written.FAILED}:
                return
            await asyncio.sleep(AGAIN_S)

    async def _finish(self) -> None:
        """Give open writes their time, then read every register once more."""
        for envelope in [one for register in self._registers for one in register.fill()]:
            self._resolve(envelope, 0)
        if self._resolving:
            await asyncio.wait(set(self._resolving), timeout=SETTLE_S)
        last = self._plan.clients
        await asyncio.gather(*(self._read_last(last, one) for one in self._registers))

    async def _read_last(self, number: int, register: Register) -> None:
        """Try every node in turn until one has answered, or time is over."""
        deadline = time.monotonic() + SETTLE_S
        node = 0
        while not await self._read(number, register, node):
            if time.monotonic() > deadline:
                raise HistoryError(
                    f"{register.name} cannot be read any more",
                    reason="no-last-read",
                    advice="mend the network before the recording ends",
                )
            node = (node + 1) % len(self._clients)
            await asyncio.sleep(AGAIN_S)
