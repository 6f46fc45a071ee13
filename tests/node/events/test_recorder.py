"""What the node tells the recorder, and what comes out of it."""

from ledger.mempool import Dropped
from ledger.reasons import Reason
from node.events.records import (
    Admitted,
    Grown,
    Loss,
    Lost,
    Party,
    PeerChanged,
    Record,
    Settled,
    Started,
    Stopped,
    ViewEntered,
    name_party,
)
from tests.node.events.support import World, read_all


def records(world: World) -> list[Record]:
    """What was written since the first start, the start left out."""
    return [read.entry.record for read in read_all(world.log)][1:]


def test_a_transaction_from_admission_to_its_block() -> None:
    world = World()
    payment = world.pay()
    world.admit(payment)
    world.grow(payment)
    name = world.chain.head_id
    party = name_party(payment)
    assert records(world) == [Admitted((party,)), Grown(1, name, True), Settled(1, name)]
    assert world.recorder._waiting == {}


def test_what_is_dropped_is_told_with_its_accounts_also_after_a_restart() -> None:
    world = World()
    first, second = world.pay(), world.pay()
    world.admit(first, second)
    world.recorder.on_dropped([Dropped(first.id, Reason.TX_EXPIRED)])
    world.open()
    world.recorder.on_dropped([Dropped(second.id, Reason.MEMPOOL_EVICTED)])
    world.recorder.on_dropped([Dropped(b"\x07" * 32, Reason.TX_EXPIRED)])
    world.recorder.on_dropped([])
    losses = [record.losses for record in records(world) if isinstance(record, Lost)]
    assert losses == [
        (Loss(name_party(first), "tx-expired"),),
        (Loss(name_party(second), "mempool-evicted"),),
        (Loss(Party(b"\x07" * 32, b""), "tx-expired"),),
    ]


def test_views_are_told_when_they_change() -> None:
    world = World()
    for view, leader in ((4, 0), (4, 0), (5, 1), (8, None)):
        world.recorder.on_view(view, leader)
    assert records(world) == [ViewEntered(5, 4, 1), ViewEntered(8, 5, None)]


def test_a_peer_that_goes_keeps_its_name() -> None:
    world = World()
    world.recorder.on_peer(b"p", "n", "validator", is_up=True)
    world.recorder.on_peer(b"p", "", "", is_up=False)
    assert records(world) == [
        PeerChanged(b"p", "n", "validator", True),
        PeerChanged(b"p", "n", "validator", False),
    ]
    assert world.recorder._peers == {}


def test_a_block_that_nobody_was_told_of_is_told_at_the_next_start() -> None:
    world = World()
    world.grow()
    world.grow(is_told=False)
    world.open()
    heights = [record.height for record in records(world) if isinstance(record, Grown)]
    assert heights == [1, 2]
    world.open()
    assert [record.height for record in records(world) if isinstance(record, Grown)] == [1, 2]


def test_a_new_log_over_an_old_chain_begins_where_that_stands() -> None:
    world = World()
    world.grow()
    world.log_store = type(world.log_store)()
    world.open()
    world.grow()
    assert [type(record) for record in records(world)] == [Grown, Settled]


def test_stops_and_starts_are_told() -> None:
    world = World()
    world.recorder.stop()
    world.open()
    assert [type(record) for record in records(world)] == [Stopped, Started]
