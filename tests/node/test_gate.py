"""The gate: clients wait for their turn, and beyond a limit are told to come back."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from node.gate import BusyError, Gate
from tests.node.support import leaving_nothing, until


class Client:
    """Goes in with `count` transactions and stays until told to leave."""

    def __init__(self, gate: Gate, count: int) -> None:
        self.is_inside = False
        self.leave = asyncio.Event()
        self.task = asyncio.create_task(self._visit(gate, count))

    async def _visit(self, gate: Gate, count: int) -> None:
        async with gate.enter(count):
            self.is_inside = True
            await self.leave.wait()
        self.is_inside = False


@pytest.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    async with leaving_nothing():
        yield


async def test_clients_go_in_while_there_is_room_in_the_order_they_came() -> None:
    gate = Gate(10, 100, lambda: False)
    clients = [Client(gate, 6) for _ in range(4)]
    await until(lambda: clients[1].is_inside)
    assert [client.is_inside for client in clients] == [True, True, False, False]
    clients[1].leave.set()
    await until(lambda: clients[2].is_inside)
    assert not clients[3].is_inside
    for client in clients:
        client.leave.set()
    await asyncio.gather(*(client.task for client in clients))


async def test_beyond_the_limit_of_those_who_wait_it_is_busy() -> None:
    gate = Gate(1, 10, lambda: False)
    inside, waiting = Client(gate, 1), Client(gate, 8)
    await until(lambda: inside.is_inside)
    with pytest.raises(BusyError) as caught:
        async with gate.enter(3):
            pytest.fail("it went in")
    assert caught.value.reason == "node-busy"
    inside.leave.set()
    waiting.leave.set()
    await asyncio.gather(inside.task, waiting.task)
    async with gate.enter(3):
        pass


async def test_one_batch_larger_than_the_limit_may_wait_alone() -> None:
    gate = Gate(1, 10, lambda: False)
    async with gate.enter(50):
        pass


async def test_nobody_goes_in_while_the_network_is_congested() -> None:
    congested = [True]
    gate = Gate(10, 100, lambda: congested[0])
    client = Client(gate, 1)
    await asyncio.wait({client.task}, timeout=0.05)
    assert not client.is_inside
    congested[0] = False
    await until(lambda: client.is_inside)
    client.leave.set()
    await client.task


async def test_who_gives_up_leaves_no_trace() -> None:
    gate = Gate(1, 10, lambda: False)
    inside, quitter, last = (Client(gate, 1) for _ in range(3))
    await until(lambda: inside.is_inside)
    quitter.task.cancel()
    await asyncio.wait({quitter.task})
    assert quitter.task.cancelled()
    inside.leave.set()
    await until(lambda: last.is_inside)
    last.task.cancel()
    await asyncio.wait({last.task})
    assert (gate._inside, gate._waiting) == (0, 0)


async def test_a_client_that_gives_up_as_room_comes_stays_outside() -> None:
    gate = Gate(1, 10, lambda: False)
    inside, quitter = Client(gate, 1), Client(gate, 1)
    await until(lambda: gate._waiting == 1)
    inside.leave.set()
    await inside.task
    quitter.task.cancel()  # the room and the cancellation reach it in one turn
    await asyncio.wait({quitter.task})
    assert quitter.task.cancelled()
    assert (gate._inside, gate._waiting) == (0, 0)
