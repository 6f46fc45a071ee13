"""From records to events: kinds, fields, and positions."""

from typing import Any

import pytest

from ledger.address import encode_address
from node.events.cursor import Place
from node.events.forms import Event
from node.events.kinds import Kind
from node.events.log import Read
from node.events.records import (
    Admitted,
    Alarmed,
    CommitteeChanged,
    CommitteeScheduled,
    Entry,
    Grown,
    Loss,
    Lost,
    Missed,
    Party,
    PeerChanged,
    Record,
    Settled,
    Started,
    Stopped,
    ViewEntered,
    name_party,
)
from node.events.telling import Teller
from tests.ledger.support import ALICE, BOB, VALIDATORS
from tests.node.events.support import World

ADDRESS = encode_address(VALIDATORS[0].public_key)


def tell(world: World, record: Record, *, with_transactions: bool = True) -> list[Event]:
    read = Read(Place(1, 7), Entry(5, record))
    return list(Teller(world.chain).tell(read, with_transactions=with_transactions))


@pytest.mark.parametrize(
    ("record", "kind", "height", "data"),
    [
        (Started("1"), "node", None, {"state": "started", "version": "1"}),
        (Stopped(), "node", None, {"state": "stopped"}),
        (
            ViewEntered(3, 1, 2),
            "view",
            None,
            {"view": 3, "previous": 1, "leader": "validator-2"},
        ),
        (ViewEntered(3, 2), "view", None, {"view": 3, "previous": 2, "leader": None}),
        (
            PeerChanged(b"\x01" * 32, "n", "follower", False),
            "peer",
            None,
            {"public_key": "01" * 32, "name": "n", "role": "follower", "state": "down"},
        ),
        (
            CommitteeChanged(8, (VALIDATORS[0].public_key,), 0),
            "committee",
            8,
            {"state": "in-force", "since": 8, "faults": 0, "validators": [ADDRESS]},
        ),
        (
            CommitteeScheduled(9, (VALIDATORS[0].public_key,), 0),
            "committee",
            9,
            {"state": "scheduled", "since": 9, "faults": 0, "validators": [ADDRESS]},
        ),
        (Alarmed("evidence", "x"), "alarm", None, {"alarm": "evidence", "detail": "x"}),
        (
            Missed(3, 9, "too-many"),
            "gap",
            9,
            {"reason": "too-many", "from_height": 3, "to_height": 9},
        ),
    ],
)
def test_plain_records(record: Record, kind: str, height: int | None, data: dict[str, Any]) -> None:
    (event,) = tell(World(), record)
    assert (event.kind.value, event.height, event.data) == (kind, height, data)
    assert (event.position, event.time_ms) == ((1, 7, 0), 5)


def test_a_decided_block_and_its_end() -> None:
    world = World()
    good, bad = world.pay(), world.pay(sender=BOB, amount=10**15)
    height = world.grow(good, bad)
    block = world.chain.block(height)
    (head,) = tell(world, Grown(height, block.id, True))
    assert head.data == {
        "id": block.id.hex(),
        "parent": block.header.parent.hex(),
        "timestamp_ms": block.header.timestamp_ms,
        "proposer": ADDRESS,
        "transactions": 2,
        "failed": 1,
        "skipped": 0,
    }
    final, first, second = tell(world, Settled(height, block.id))
    assert (final.kind, final.height, final.data) == (Kind.FINAL, 1, {"id": block.id.hex()})
    assert [one.position.at for one in (final, first, second)] == [0, 1, 2]
    assert first.data == {
        "id": good.id.hex(),
        "status": "final",
        "sender": encode_address(ALICE.public_key),
        "recipient": encode_address(BOB.public_key),
        "block": block.id.hex(),
        "index": 0,
    }
    assert (second.data["status"], second.data["reason"]) == ("failed", "tx-insufficient-balance")
    assert first.party == name_party(good)


def test_transactions_are_left_out_where_nobody_asks() -> None:
    world = World()
    payment = world.pay()
    height = world.grow(payment)
    block_id = world.chain.block(height).id
    records: list[Record] = [
        Settled(height, block_id),
        Grown(height, block_id, False),
        Admitted((name_party(payment),)),
        Lost((Loss(name_party(payment), "tx-expired"),)),
    ]
    counts = [len(tell(world, record, with_transactions=False)) for record in records]
    assert counts == [1, 1, 0, 0]
    assert [len(tell(world, record)) for record in records] == [2, 2, 1, 1]


def test_what_came_and_went_without_a_block() -> None:
    world = World()
    payment = world.pay()
    (came,) = tell(world, Admitted((name_party(payment),)))
    assert (came.data["status"], came.height) == ("admitted", None)
    (went,) = tell(world, Lost((Loss(Party(payment.id, b""), "mempool-evicted"),)))
    assert (went.data["status"], went.data["reason"]) == ("dropped", "mempool-evicted")
    assert (went.data["sender"], went.data["recipient"]) == (None, None)
