from collections import deque
from collections.abc import Sequence

import pytest

from node.load import stream as stream_module
from node.load.parcel import Fate, Parcel
from node.load.stream import Stream, is_old
from tests.node.fake_network import FakeClient, FakeNetwork
from tests.node.load.conftest import MakeParcels


class Once:
    """All at once."""

    def __init__(self, parcels: list[Parcel]) -> None:
        self._parcels = deque([parcels])

    def make(self, now: float, most: int) -> Sequence[Parcel]:
        return self._parcels.popleft() if self._parcels else ()

    def is_done(self) -> bool:
        return not self._parcels


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "POLL_S", 0.002)
    monkeypatch.setattr(stream_module, "NUDGE_AFTER_S", 0.02)


async def test_it_runs_until_everything_is_final(
    clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    stream, seen = Stream(clients, 0), [0]
    await stream.run([Once(make_parcels(7))], lambda: seen.append(stream.tracker.final))
    assert stream.tracker.final == 7
    assert seen[-1] == 7
    assert stream.resent == 0


async def test_what_the_accepting_node_keeps_to_itself_is_sent_to_another(
    clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    selfish = FakeClient(FakeNetwork({}))
    selfish.network.is_slow = True
    stream = Stream([selfish, clients[1]], 0)
    await stream.run([Once(make_parcels(2))], lambda: None)
    assert stream.tracker.final == 2
    assert stream.nudged == 2


async def test_where_nothing_moves_it_gives_up(
    clients: list[FakeClient],
    network: FakeNetwork,
    make_parcels: MakeParcels,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_module, "PATIENCE_S", 0.05)
    network.is_slow = True
    stream = Stream(clients, 0)
    await stream.run([Once(make_parcels(2))], lambda: None)
    assert len(stream.tracker.waiting) == 2
    assert await stream.tracker.inquire(clients, 0.0) == (2, 0)


async def test_a_stopped_stream_makes_nothing_new(
    clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    stream = Stream(clients, 0)
    stream.stop()
    await stream.run([Once(make_parcels(2))], lambda: None)
    assert clients[0].batches == []


def test_only_what_was_accepted_can_be_old(make_parcels: MakeParcels) -> None:
    (parcel,) = make_parcels(1)
    parcel.sent_at = 10.0
    assert not is_old(parcel, 11.0)
    parcel.accept(node=0)
    assert is_old(parcel, 11.0)
    parcel.settle(Fate.FINAL, 11.0)
    assert not is_old(parcel, 12.0)
