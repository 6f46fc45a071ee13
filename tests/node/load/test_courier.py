import asyncio

import pytest

from node.client import RefusedError
from node.load import courier as courier_module
from node.load.courier import Courier
from node.load.parcel import Fate
from tests.node.fake_network import FakeClient, FakeNetwork, refused, unreachable
from tests.node.load.conftest import ALICE, MakeParcels


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_module, "PAUSE_FIRST_S", 0.001)


async def test_everything_is_accepted_by_the_preferred_node(
    clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    parcels = make_parcels(3)
    await Courier(clients).deliver(parcels, prefer=1)
    assert [client.batches for client in clients] == [[], [3], []]
    assert {(parcel.fate, parcel.node) for parcel in parcels} == {(Fate.ACCEPTED, 1)}


async def test_a_node_that_is_down_is_passed_over_and_left_alone_for_a_while(
    clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    courier = Courier(clients)
    clients[0].faults = [unreachable()]
    await courier.deliver(make_parcels(2), prefer=0)
    await courier.deliver(make_parcels(2, first=2), prefer=0)
    assert [client.batches for client in clients] == [[], [2, 2], []]
    assert courier.counters.retries_silent == 2


async def test_after_a_lost_answer_the_same_bytes_are_sent_and_nothing_happens_twice(
    clients: list[FakeClient], network: FakeNetwork, make_parcels: MakeParcels
) -> None:
    parcels = make_parcels(2)
    clients[0].faults = ["swallowed"]
    await Courier(clients).deliver(parcels, prefer=0)
    assert [client.batches for client in clients] == [[2], [2], []]
    assert network.nonces[ALICE.public_key] == 2
    assert network.balances[ALICE.public_key] == 998
    assert {parcel.fate for parcel in parcels} == {Fate.FINAL}


async def test_what_finds_no_room_is_offered_again_to_the_same_node(
    clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    courier, parcels = Courier(clients), make_parcels(4)
    clients[2].full = 2
    await courier.deliver(parcels, prefer=2)
    assert clients[2].batches == [4, 2]
    assert courier.counters.retries_full == 2
    assert {parcel.fate for parcel in parcels} == {Fate.ACCEPTED}


@pytest.mark.parametrize("status", [429, 503, 408])
async def test_a_whole_request_that_is_turned_away_is_sent_again(
    clients: list[FakeClient], make_parcels: MakeParcels, status: int
) -> None:
    parcels = make_parcels(1)
    clients[0].faults = [refused(status)]
    await Courier(clients).deliver(parcels, prefer=0)
    assert parcels[0].fate is Fate.ACCEPTED


async def test_a_request_that_can_never_be_taken_is_our_fault_and_raised(
    clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    clients[0].faults = [refused(400, "body-not-msgpack")]
    with pytest.raises(RefusedError):
        await Courier(clients).deliver(make_parcels(1), prefer=0)


async def test_a_refusal_for_good_settles_the_parcel_with_its_reason(
    clients: list[FakeClient], network: FakeNetwork, make_parcels: MakeParcels
) -> None:
    network.nonces[ALICE.public_key] = 1
    parcels = make_parcels(2)
    await Courier(clients).deliver(parcels, prefer=0)
    assert [parcel.fate for parcel in parcels] == [Fate.REFUSED, Fate.ACCEPTED]
    assert parcels[0].reason == "tx-stale-nonce"
    assert not parcels[0].was_accepted


async def test_while_no_node_answers_it_keeps_trying_until_it_is_cancelled(
    clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    parcels = make_parcels(1)
    for client in clients:
        client.faults = [unreachable() for _ in range(10_000)]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await Courier(clients).deliver(parcels, prefer=0)
    assert parcels[0].fate is Fate.UNSENT


async def test_what_is_settled_is_not_sent_again(
    clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    parcels = make_parcels(2)
    parcels[0].settle(Fate.FINAL, 0.0)
    await Courier(clients).deliver(parcels, prefer=0)
    assert clients[0].batches == [1]
