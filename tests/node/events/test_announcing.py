"""What is said of the chain: the difference between what was announced and what the ledger holds."""

import pytest

from ledger.chain import Chain
from ledger.store.memory import MemoryStore
from node.events import announcing
from node.events.announcing import (
    Announcer,
    decode_announced,
    describe,
    encode_announced,
)
from node.events.log import EventLogError
from node.events.records import Grown, Mark, Missed, Settled
from tests.ledger.support import GENESIS
from tests.node.events.support import World


def grown(world: World, height: int) -> list[object]:
    name = world.chain.block(height).id
    return [Grown(height, name, True), Settled(height, name)]


def test_a_decided_block_is_announced_once_and_is_final() -> None:
    world = World()
    announcer = Announcer(world.chain, describe(world.chain))
    assert announcer.follow() == []
    world.grow()
    assert announcer.follow() == grown(world, 1)
    assert announcer.follow() == []


def test_after_a_crash_the_rest_is_announced() -> None:
    world = World()
    kept = encode_announced(describe(world.chain))
    world.grow()
    world.grow()
    announcer = Announcer(world.chain, decode_announced(kept))
    assert announcer.follow() == grown(world, 1) + grown(world, 2)


def test_a_ledger_that_lost_its_end_is_waited_for() -> None:
    world = World()
    world.grow()
    world.grow()
    announced = describe(world.chain)
    shorter = World()
    announcer = Announcer(shorter.chain, announced)
    assert announcer.follow() == []
    shorter.grow()
    shorter.grow()
    assert announcer.follow() == []
    shorter.grow()
    assert announcer.follow() == grown(shorter, 3)


def test_another_chain_under_the_log_is_said_to_be_one() -> None:
    world, other = World(), World()
    world.grow()
    other.grow(other.pay())
    other.grow()
    announcer = Announcer(other.chain, describe(world.chain))
    assert announcer.follow() == [Missed(2, 2, "replaced")]
    other.grow()
    assert announcer.follow() == grown(other, 3)


def test_a_whole_chain_is_not_announced_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "BEHIND_MAX", 3)
    world = World()
    announcer = Announcer(world.chain, describe(world.chain))
    for _ in range(4):
        world.grow()
    assert announcer.follow() == [Missed(1, 4, "too-many")]
    assert announcer.announced.marks == [Mark(4, world.chain.head_id)]


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93\x90\x00\xc0"])
def test_what_cannot_be_read_is_said_with_advice(data: bytes) -> None:
    with pytest.raises(EventLogError) as raised:
        decode_announced(data)
    assert "data/events" in raised.value.advice


def test_an_empty_ledger_stands_at_its_genesis() -> None:
    chain = Chain.open(MemoryStore(), GENESIS)
    assert describe(chain).marks == [Mark(0, chain.head_id)]
