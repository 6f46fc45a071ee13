"""Events are made once while many ask for them, and not kept for ever."""

import asyncio
from collections.abc import Iterator

import pytest

from node.events import made
from node.events.forms import Event
from node.events.log import Read
from node.events.made import Made
from node.events.telling import Teller
from tests.node.events.support import World, read_all


class CountedTeller(Teller):
    """Counts what it makes."""

    made = 0

    def tell(self, read: Read, *, with_transactions: bool) -> Iterator[Event]:
        self.made += 1
        return super().tell(read, with_transactions=with_transactions)


async def test_events_are_made_once_for_all() -> None:
    world = World()
    payment = world.pay()
    world.grow(payment)
    teller = CountedTeller(world.chain)
    kept = Made(teller)
    reads = read_all(world.log)
    for _ in range(3):
        for read in reads:
            await kept.get(read, with_transactions=True)
    assert teller.made == len(reads)
    assert len(await kept.get(reads[-1], with_transactions=True)) == 2
    assert len(await kept.get(reads[-1], with_transactions=False)) == 1
    assert teller.made == len(reads) + 1


async def test_who_asks_meanwhile_gets_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "SLICE", 1)
    world = World()
    pays = [world.pay() for _ in range(5)]
    world.grow(*pays)
    kept = Made(Teller(world.chain))
    last = read_all(world.log)[-1]
    answers = await asyncio.gather(*(kept.get(last, with_transactions=True) for _ in range(2)))
    first, second = ([event.position for event in one] for one in answers)
    assert first == second
    assert len(first) == 6
    assert kept._count == 6


async def test_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "EVENTS_MAX", 3)
    world = World()
    for _ in range(5):
        world.grow()
    kept = Made(CountedTeller(world.chain))
    for read in read_all(world.log):
        await kept.get(read, with_transactions=True)
    assert (kept._count, len(kept._kept)) == (3, 3)
