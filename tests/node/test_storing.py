"""Blocks come to the disk: judged, gathered, awaited, written, synced."""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consensus.block import TreeBlock
from consensus.effects import Store
from consensus.events import Event, Stored, Verdict
from ledger.block import encode_payload
from ledger.branches import BranchBlock, BranchLimits
from ledger.codec import encode
from ledger.content import Content, compute_value_content, encode_value
from ledger.merkle import EMPTY_ROOT
from ledger.reasons import Reason
from ledger.transaction import Envelope
from node import storing
from node.recent_bodies import RecentBodies
from node.storing import BlockStorer
from node.tree_blocks import to_tree_block
from tests.ledger.support import BOB, PROPOSER, make_genesis, record, transfer
from tests.node.parts import BrittleStore
from tests.node.support import until
from tests.node.tree_support import make_tree_core, name


class Bench:
    def __init__(self, home: Path, store: Any = None, **limits: int) -> None:
        self.core = make_tree_core(home, store, BranchLimits(**limits) if limits else None)
        self.posted: list[Event] = []
        self.failures: list[BaseException] = []
        self.asked: list[tuple[list[bytes], bytes | None]] = []
        self.brought: list[Envelope] = []
        self.recent = RecentBodies()
        self.storer = BlockStorer(
            self.core,
            self.recent,
            fetch=self.fetch,
            post=self.posted.append,
            on_failure=self.failures.append,
        )

    async def fetch(self, ids: list[bytes], first: bytes | None) -> list[Envelope]:
        self.asked.append((ids, first))
        await asyncio.sleep(0.01)
        return self.brought

    def draft(self, *envelopes: Envelope, time_ms: int = 5) -> TreeBlock:
        draft = self.core.tree.compose(time_ms, b"claim", PROPOSER.public_key, envelopes)
        return to_tree_block(draft)

    def store(self, block: TreeBlock, since_ms: int = 0) -> bytes:
        block_id = name(block)
        self.storer.store(Store(block_id, block, since_ms))
        return block_id

    async def judge(self, block: TreeBlock, since_ms: int = 0) -> Verdict:
        block_id = self.store(block, since_ms)
        await until(lambda: self.posted)
        (event,) = self.posted
        assert isinstance(event, Stored)
        assert event.block_id == block_id
        await self.storer.close()
        assert self.failures == []
        return event.verdict


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_a_block_whose_bodies_are_here_is_stored(bench: Bench) -> None:
    payment = transfer()
    bench.core.mempool.add(payment, 0)
    block = bench.draft(payment)
    assert await bench.judge(block) is Verdict.VALID
    held = bench.core.tree.get_block(name(block))
    assert held is not None
    assert to_tree_block(held) == block
    assert held.raws == (payment.raw,)
    assert bench.asked == []


async def test_it_is_stored_only_when_the_disk_says_so(tmp_path: Path) -> None:
    store, gate = BrittleStore(), threading.Event()
    waited: list[bool] = []
    bench = Bench(tmp_path, store)
    store.before_sync = lambda: waited.append(gate.wait(5))
    bench.store(bench.draft())
    await until(lambda: bench.core.tree.side)
    await asyncio.sleep(0)
    assert bench.posted == []
    gate.set()
    await until(lambda: bench.posted)
    await bench.storer.close()


async def test_a_disk_that_fails_ends_the_node(tmp_path: Path) -> None:
    store = BrittleStore()
    bench = Bench(tmp_path, store)
    block = bench.draft()
    store.is_broken = True
    bench.store(block)
    await until(lambda: bench.failures)
    assert bench.posted == []


async def test_missing_bodies_are_asked_for_of_the_proposer_first(bench: Bench) -> None:
    payment = transfer()
    bench.brought = [payment, record(BOB)]
    assert await bench.judge(bench.draft(payment)) is Verdict.VALID
    assert bench.asked == [([payment.id], PROPOSER.public_key)]


async def test_a_body_that_comes_by_gossip_is_not_asked_for(bench: Bench) -> None:
    payment = transfer()
    block = bench.draft(payment)
    bench.store(block)
    await asyncio.sleep(0)
    bench.storer.on_admitted([record(BOB), payment])
    await until(lambda: bench.posted)
    assert bench.posted == [Stored(name(block), Verdict.VALID)]
    assert bench.asked == []


async def test_bodies_of_the_adopted_branch_and_of_shown_blocks_are_found(bench: Bench) -> None:
    payment, other = transfer(), record(BOB)
    block = bench.draft(payment, other)
    bench.recent.put(b"shown", [other])
    bench.core.mempool.add(payment, 0)
    bench.store(block)
    await until(lambda: bench.posted)
    bench.core.tree.adopt(name(block))
    bench.core.mempool.drop(payment.id, Reason.MEMPOOL_EVICTED)
    bench.posted.clear()
    assert await bench.judge(msgspec.structs.replace(block, header=later(block))) is Verdict.VALID
    assert bench.asked == []


def later(block: TreeBlock) -> Any:
    return msgspec.structs.replace(block.header, time_ms=block.header.time_ms + 1)


async def test_what_nobody_brings_is_let_go_without_blame(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "PATIENCE_S", 0.1)
    assert await bench.judge(bench.draft(transfer())) is Verdict.MISMATCH
    assert bench.asked
    assert bench.core.tree.side == {}


def swap_value(block: TreeBlock, value: bytes) -> TreeBlock:
    """The block under a value that its header names."""
    content = msgspec.msgpack.decode(value, type=Content)
    header = msgspec.structs.replace(block.header, content=compute_value_content(content))
    return TreeBlock(header, value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda block: TreeBlock(block.header, b""),
        lambda block: TreeBlock(block.header, block.value + b"\x00"),
        lambda block: TreeBlock(block.header, encode(Content(b"", *[bytes(32)] * 3))),
        lambda block: TreeBlock(
            msgspec.structs.replace(block.header, content=bytes(32)), block.value
        ),
    ],
)
async def test_a_value_that_is_not_the_headers_says_nothing_of_the_block(
    bench: Bench, spoil: Callable[[TreeBlock], TreeBlock]
) -> None:
    assert await bench.judge(spoil(bench.draft())) is Verdict.MISMATCH


def spell(payload: bytes, transaction_root: bytes = EMPTY_ROOT) -> bytes:
    return encode(Content(payload, transaction_root, bytes(32), bytes(32)))


KEY = PROPOSER.public_key


@pytest.mark.parametrize(
    "value",
    [
        spell(b"no payload"),
        spell(encode_payload(7, KEY, [])),
        spell(encode_payload(0, KEY, []), bytes(32)),
        spell(encode_payload(0, KEY, [bytes(32), bytes(32)])),
        spell(encode_payload(0, KEY, [number.to_bytes(32, "big") for number in range(4_001)])),
    ],
    ids=["no-payload", "time", "transaction-root", "twice", "too-many"],
)
async def test_content_that_no_honest_miner_makes_is_invalid(bench: Bench, value: bytes) -> None:
    assert await bench.judge(swap_value(bench.draft(), value)) is Verdict.INVALID


async def test_bodies_beyond_the_limit_are_invalid(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    payments = [transfer(nonce=nonce) for nonce in range(20)]
    block = bench.draft(*payments)
    limits = msgspec.structs.replace(
        make_genesis().limits, block_bytes_max=1_000, transaction_bytes_max=500
    )
    monkeypatch.setattr(bench.core.tree, "genesis", make_genesis(limits=limits))
    bench.brought = payments
    assert await bench.judge(block) is Verdict.INVALID


async def test_a_block_ahead_of_the_clock_waits_for_its_time(bench: Bench) -> None:
    block = bench.draft()
    since_ms = time.time_ns() // 1_000_000 + 150
    bench.store(block, since_ms)
    await until(lambda: bench.posted)
    assert bench.posted == [Stored(name(block), Verdict.LATER)]
    assert bench.core.tree.side == {}
    await until(lambda: len(bench.posted) == 2)
    assert bench.posted[1] == Stored(name(block), Verdict.VALID)
    assert time.time_ns() // 1_000_000 >= since_ms


async def test_junk_beside_a_full_tree_is_let_go(tmp_path: Path) -> None:
    bench = Bench(tmp_path, side_blocks_max=1)
    blocks = [bench.draft(time_ms=number) for number in range(5, 8)]
    bench.store(blocks[0])
    await until(lambda: bench.posted)
    bench.core.tree.adopt(name(blocks[0]))
    bench.store(blocks[1])
    await until(lambda: len(bench.posted) == 2)
    bench.store(blocks[2])
    await until(lambda: len(bench.posted) == 3)
    verdicts = [event.verdict for event in bench.posted if isinstance(event, Stored)]
    assert verdicts == [Verdict.VALID, Verdict.VALID, Verdict.MISMATCH]
    assert bench.storer.refused_full == 1


async def test_the_same_block_twice_is_stored_once(bench: Bench) -> None:
    block = bench.draft()
    bench.store(block)
    bench.store(block)
    await until(lambda: bench.posted)
    await bench.storer.close()
    assert bench.posted == [Stored(name(block), Verdict.VALID)]


def test_both_forms_of_a_block_say_the_same(bench: Bench) -> None:
    draft = bench.core.tree.compose(5, b"claim", KEY, [transfer()])
    block = BranchBlock(draft.header, draft.payload, (transfer().raw,))
    assert to_tree_block(block) == to_tree_block(draft)
    assert to_tree_block(block).value == encode_value(draft.header, draft.payload)
