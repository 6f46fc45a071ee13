"""The small parts of a node over a tree of blocks."""

import asyncio
import threading
from pathlib import Path

import pytest

from ledger.errors import StoreError
from ledger.store.store import Batch
from ledger.transaction import Envelope
from node.recent_bodies import RecentBodies
from node.stories import CHAPTERS_MAX, RETURNED_MAX, Chapter, Stories, Turn
from node.synced_writes import SyncedWrites
from node.tree_catch_up import TreeCatchUp
from tests.ledger.support import ALICE, record
from tests.node.parts import BrittleStore, FakePeers
from tests.node.tree_support import make_tree_core


def make_bodies(count: int, first: int = 0) -> list[Envelope]:
    return [record(ALICE, nonce) for nonce in range(first, first + count)]


def make_batch(key: bytes) -> Batch:
    batch = Batch()
    batch.put(key, key)
    return batch


class TestSyncedWrites:
    async def test_calls_that_meet_share_one_sync(self) -> None:
        store, gate = BrittleStore(), threading.Event()
        waited: list[bool] = []
        store.before_sync = lambda: waited.append(gate.wait(5))
        writes = SyncedWrites(store)
        first = asyncio.create_task(writes.write(make_batch(b"0")))
        await asyncio.sleep(0.01)
        others = [asyncio.create_task(writes.write(make_batch(b"%d" % n))) for n in range(1, 6)]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in (first, *others))
        gate.set()
        await asyncio.gather(first, *others)
        assert store.synced_writes == 2
        assert [store.get(b"%d" % n) for n in range(6)] == [b"%d" % n for n in range(6)]

    async def test_a_failed_write_is_told_to_all(self) -> None:
        store = BrittleStore()
        store.is_broken = True
        writes = SyncedWrites(store)
        calls = (writes.write(make_batch(b"a")), writes.write(make_batch(b"b")))
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [StoreError, StoreError]
        await writes.close()

    async def test_closing_waits_for_the_thread(self) -> None:
        store, gate = BrittleStore(), threading.Event()
        waited: list[bool] = []
        store.before_sync = lambda: waited.append(gate.wait(5))
        writes = SyncedWrites(store)
        waiting = asyncio.create_task(writes.write(make_batch(b"a")))
        await asyncio.sleep(0.01)
        asyncio.get_running_loop().call_later(0.02, gate.set)
        await writes.close()
        assert waited == [True]
        await waiting


class TestRecentBodies:
    def test_the_oldest_block_leaves_first(self) -> None:
        recent, bodies = RecentBodies(blocks_max=2), make_bodies(3)
        for name, body in zip((b"1", b"2", b"3"), bodies, strict=True):
            recent.put(name, [body])
        assert [recent.find(body.id) for body in bodies] == [None, bodies[1], bodies[2]]
        assert not recent.has(b"1")
        assert recent.has(b"3")

    def test_bytes_are_bounded(self) -> None:
        bodies = make_bodies(8)
        recent = RecentBodies(bytes_max=sum(len(body.raw) for body in bodies[4:]))
        recent.put(b"low", bodies[:4])
        recent.put(b"high", bodies[4:])
        assert recent.find(bodies[0].id) is None
        assert recent.find(bodies[7].id) is bodies[7]

    def test_a_block_again_counts_once(self) -> None:
        bodies = make_bodies(2)
        recent = RecentBodies(bytes_max=sum(len(body.raw) for body in bodies))
        for _ in range(3):
            recent.put(b"block", bodies)
        assert recent.find(bodies[0].id) is bodies[0]


class TestStories:
    def test_turns_are_told_in_order_with_their_time(self) -> None:
        clock = iter(range(100, 200))
        stories = Stories(clock_ms=lambda: next(clock))
        stories.tell([b"a", b"b"], Turn.PENDING)
        stories.tell([b"a"], Turn.INCLUDED, 3, b"id")
        assert stories.get(b"a") == (
            Chapter(Turn.PENDING, 100),
            Chapter(Turn.INCLUDED, 101, 3, b"id"),
        )
        assert stories.get(b"b") == (Chapter(Turn.PENDING, 100),)
        assert stories.get(b"c") == ()

    def test_what_nothing_happened_to_for_long_is_forgotten(self) -> None:
        stories = Stories(count_max=4)
        stories.tell([b"a", b"b"], Turn.PENDING)
        stories.tell([b"c", b"d"], Turn.PENDING)
        assert stories.get(b"a")
        stories.tell([b"e"], Turn.PENDING)
        assert [len(stories.get(id_)) for id_ in (b"a", b"b", b"c", b"e")] == [0, 0, 1, 1]

    def test_a_return_keeps_what_was_and_begins_anew(self) -> None:
        stories = Stories(clock_ms=lambda: 7)
        stories.tell([b"a"], Turn.SUBMITTED)
        stories.tell([b"a"], Turn.INCLUDED, 3)
        stories.tell([b"a"], Turn.RETURNED, 3)
        stories.tell([b"a"], Turn.INCLUDED, 4)
        told = [(chapter.turn, chapter.height) for chapter in stories.get(b"a")]
        assert told == [
            (Turn.SUBMITTED, None),
            (Turn.INCLUDED, 3),
            (Turn.RETURNED, 3),
            (Turn.INCLUDED, 4),
        ]

    def test_a_long_story_keeps_its_beginning_and_its_end(self) -> None:
        stories = Stories()
        for height in range(100):
            stories.tell([b"a"], Turn.RETURNED, height)
        heights = [chapter.height for chapter in stories.get(b"a")]
        assert len(heights) <= CHAPTERS_MAX
        assert (heights[0], heights[-1]) == (0, 99)

    def test_returns_are_bounded_too(self) -> None:
        stories = Stories()
        for number in range(RETURNED_MAX + 3):
            stories.tell([number.to_bytes(4, "big")], Turn.RETURNED)
        assert len(stories._past) == RETURNED_MAX


class TestTreeCatchUp:
    @pytest.mark.parametrize(
        ("heights", "target"),
        [([], 0), ([5], 5), ([5, 900], 5), ([5, 6, 900], 6), ([900, 901, 5, 6], 6)],
    )
    def test_most_peers_say_where_the_others_stand(
        self, tmp_path: Path, heights: list[int], target: int
    ) -> None:
        peers = FakePeers()
        for number, height in enumerate(heights):
            peers.add(bytes([number]) * 32, height=height)
        peers.add(b"\xff" * 32)
        catch_up = TreeCatchUp(make_tree_core(tmp_path).chain, peers)  # type: ignore[arg-type]
        assert catch_up.target() == target
        assert catch_up.is_catching_up == (target > 8)
