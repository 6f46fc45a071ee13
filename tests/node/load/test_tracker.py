from node.load.final_blocks import FinalBlock
from node.load.parcel import Fate
from node.load.tracker import Tracker
from tests.node.fake_network import FakeClient, FakeNetwork, unreachable
from tests.node.load.conftest import MakeParcels


def test_a_block_settles_what_stands_in_it(make_parcels: MakeParcels) -> None:
    tracker, parcels = Tracker(), make_parcels(3)
    tracker.add(parcels)
    ids = [parcel.id for parcel in parcels]
    block = FinalBlock(1, [ids[0], ids[1], "foreign"], {ids[1]: "tx-insufficient-balance"})
    settled = tracker.on_blocks([block], now=2.5)
    assert settled == parcels[:2]
    assert (tracker.final, dict(tracker.failed)) == (1, {"tx-insufficient-balance": 1})
    assert tracker.latencies_s == [2.5]
    assert list(tracker.waiting) == [ids[2]]
    assert (tracker.settled, tracker.accepted) == (2, 2)


def test_the_first_word_counts(make_parcels: MakeParcels) -> None:
    tracker, (parcel,) = Tracker(), make_parcels(1)
    tracker.add([parcel])
    block = FinalBlock(1, [parcel.id], {})
    tracker.on_blocks([block], now=1.0)
    tracker.on_blocks([block], now=2.0)
    parcel.settle(Fate.DROPPED, 3.0)
    tracker.collect([parcel])
    assert (tracker.final, tracker.dropped.total()) == (1, 0)
    assert parcel.fate is Fate.FINAL


def test_refused_ones_do_not_count_as_accepted(make_parcels: MakeParcels) -> None:
    tracker, parcels = Tracker(), make_parcels(2)
    tracker.add(parcels)
    parcels[0].settle(Fate.REFUSED, 1.0, "tx-expired")
    parcels[1].accept(node=0)
    tracker.collect(parcels)
    assert dict(tracker.refused) == {"tx-expired": 1}
    assert tracker.accepted == 1


async def test_the_inquiry_tells_pending_lost_dropped_and_final_apart(
    network: FakeNetwork, clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    network.is_slow = True
    final, pending, dropped, lost, unanswered = parcels = make_parcels(5)
    network.take(final.raw)
    network.seal()
    network.take(pending.raw)
    network.take(dropped.raw)
    network.drop(bytes.fromhex(dropped.id), "mempool-evicted")
    tracker = Tracker()
    tracker.add(parcels)
    for parcel in (final, pending, dropped, lost):
        parcel.accept(node=0)
    clients[0].faults = [unreachable()]
    assert await tracker.inquire(clients, now=1.0) == (1, 1)
    assert tracker.final == 1
    assert dict(tracker.dropped) == {"mempool-evicted": 1}
    assert set(tracker.waiting) == {pending.id, lost.id, unanswered.id}


async def test_one_node_that_still_has_it_outweighs_one_that_dropped_it(
    clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    (parcel,) = make_parcels(1)
    other = FakeNetwork({})
    other.dropped[bytes.fromhex(parcel.id)] = "mempool-evicted"
    forgetful = FakeClient(other)
    clients[0].network.is_slow = True
    clients[0].network.take(parcel.raw)
    tracker = Tracker()
    tracker.add([parcel])
    parcel.accept(node=0)
    assert await tracker.inquire([forgetful, clients[0]], now=1.0) == (1, 0)
