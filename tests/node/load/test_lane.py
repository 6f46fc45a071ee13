import asyncio
from collections.abc import Sequence

import pytest

from node.load import lane as lane_module
from node.load.courier import Courier
from node.load.lane import Lane
from node.load.parcel import Parcel
from node.load.tracker import Tracker
from tests.node.fake_network import FakeClient, FakeNetwork
from tests.node.load.conftest import ALICE, MakeParcels


class Batches:
    """Hands out prepared batches, one a call; None is a moment when nothing is due."""

    def __init__(self, batches: Sequence[list[Parcel] | None]) -> None:
        self._batches = list(batches)

    def make(self, now: float, most: int) -> Sequence[Parcel]:
        return (self._batches.pop(0) if self._batches else None) or ()

    def is_done(self) -> bool:
        return not self._batches


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_module, "TICK_S", 0.001)


async def test_a_lane_keeps_the_order_and_ends_with_its_source(
    clients: list[FakeClient], network: FakeNetwork, make_parcels: MakeParcels
) -> None:
    parcels = make_parcels(5)
    source = Batches([parcels[:2], None, parcels[2:3], None, parcels[3:]])
    tracker = Tracker()
    await Lane(Courier(clients), tracker, source, prefer=2).run()
    assert clients[2].batches == [2, 1, 2]
    assert network.nonces[ALICE.public_key] == 5
    assert len(tracker.waiting) == 5


async def test_the_next_batch_waits_for_the_answer_to_the_last(
    clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    parcels = make_parcels(2)
    answer, arrived = asyncio.Event(), asyncio.Event()
    original = clients[0].submit_batch

    async def slow(raws: Sequence[bytes]):  # type: ignore[no-untyped-def]
        lines = await original(raws)
        arrived.set()
        await answer.wait()
        return lines

    clients[0].submit_batch = slow  # type: ignore[method-assign]
    source = Batches([parcels[:1], parcels[1:]])
    running = asyncio.create_task(Lane(Courier(clients), Tracker(), source, prefer=0).run())
    await arrived.wait()
    assert not source.is_done()
    answer.set()
    await running
    assert clients[0].batches == [1, 1]
