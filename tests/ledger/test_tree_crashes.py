"""A crash between any two writes, or within one, and a power failure that takes what was not synced."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import StoreError
from ledger.mempool_log import log_batch
from ledger.reasons import Reason
from ledger.state import State
from ledger.store.leveldb import LevelStore
from ledger.store.memory import MemoryStore
from ledger.store.schema import BLOCK, BLOCK_ID, BODIES, META_KEY, RECEIPTS, STATE, TRANSACTION
from ledger.store.store import Batch, Store
from ledger.transaction import Envelope
from tests.ledger.support import ALICE, BOB, CAROL, record, transfer
from tests.ledger.tree_support import Named, TreeWorld, dump, make_worlds

ADOPTED = (META_KEY, BLOCK, BODIES, RECEIPTS, BLOCK_ID, TRANSACTION, STATE)
"""What has to be as if no other branch had ever been there."""
ACKNOWLEDGED = [transfer(nonce=nonce) for nonce in range(4)] + [record(BOB), record(CAROL)]


class Recorder(MemoryStore):
    """Keeps every batch that was written."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Batch] = []
        self.synced = 0
        """How many of them survive a power failure."""

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        """Perform and keep a batch."""
        super().write(batch, sync=sync)
        self.batches.append(batch)

    def sync(self) -> None:
        """All batches survive."""
        self.synced = len(self.batches)


class Failing(MemoryStore):
    """Fails at one write; nothing of that one is performed."""

    def __init__(self, spared: int) -> None:
        super().__init__()
        self.spared = spared

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        """Perform a batch, unless it is the one that fails."""
        self.spared -= 1
        if self.spared == -1:
            raise StoreError(Reason.STORE_IO, "no room on the disk")
        super().write(batch, sync=sync)


def adopted_part(store: Store) -> dict[bytes, bytes]:
    return {key: value for key, value in dump(store).items() if key[:1] in ADOPTED}


def make_story() -> tuple[list[Callable[[TreeWorld], object]], Named]:
    """A life with two reorganisations and finality, as steps; and where it ends."""
    ours, theirs = make_worlds()
    shared = ours.mine(ACKNOWLEDGED[0])
    theirs.follow(shared)
    short = [ours.mine(ACKNOWLEDGED[1], ACKNOWLEDGED[4]), ours.mine(ACKNOWLEDGED[5])]
    long = [theirs.mine(ACKNOWLEDGED[4]), theirs.mine(*ACKNOWLEDGED[1:3]), theirs.mine()]
    ours.follow(*long[:1])
    ours.chain.adopt(short[-1][0])
    again = [ours.mine(ACKNOWLEDGED[2]), ours.mine(ACKNOWLEDGED[3])]
    steps: list[Callable[[TreeWorld], object]] = [
        lambda world: world.store.write(log_batch(ACKNOWLEDGED)),
        lambda world: world.follow(shared),
        lambda world: world.follow(*short),
        lambda world: world.follow(*long),
        lambda world: world.chain.finalize(1),
        lambda world: world.follow(*again),
        lambda world: world.chain.finalize(2),
        lambda world: world.chain.finalize(4),
    ]
    return steps, again[-1]


def replay(steps: list[Callable[[TreeWorld], object]], world: TreeWorld) -> TreeWorld:
    for step in steps:
        step(world)
    return world


def check_whole(world: TreeWorld) -> None:
    """What must hold of every ledger that opens."""
    chain = world.chain
    assert State.load(world.store).root.hash == chain.head.state_root
    chain.check_total_supply()
    included = {id_ for height in range(chain.height + 1) for id_ in chain.block(height).ids}
    assert all(chain.contains(id_) for id_ in included)
    assert not included & world.list_waiting()
    parent = chain.block(0).id
    for height in range(1, chain.height + 1):
        block = chain.block(height)
        assert block.header.parent == parent
        assert chain.header_by_id(block.id) == block.header
        parent = block.id


def test_reopened_between_any_two_writes_it_is_whole_and_goes_on_to_the_same_end() -> None:
    steps, tip = make_story()
    recorder = Recorder()
    replay(steps, TreeWorld(recorder))
    genesis, life = recorder.batches[:1], recorder.batches[1:]
    for count in range(len(life) + 1):
        store = MemoryStore()
        for batch in genesis + life[:count]:
            store.write(batch)
        world = TreeWorld(store)
        check_whole(world)
        if count:
            included = {e.id for e in ACKNOWLEDGED if world.chain.contains(e.id)}
            assert included | world.list_waiting() == {e.id for e in ACKNOWLEDGED}
        if world.chain.final_height <= 1:
            later = TreeWorld(store)
            for step in steps[5 if world.chain.final_height else 1 :]:
                step(later)
            assert later.chain.head_id == tip[0]
            assert adopted_part(store) == adopted_part(recorder)


def test_what_was_called_final_survives_a_power_failure() -> None:
    steps, _ = make_story()
    recorder = Recorder()
    world = TreeWorld(recorder)
    for step in steps:
        step(world)
        store = MemoryStore()
        for batch in recorder.batches[: recorder.synced]:
            store.write(batch)
        found = TreeWorld(store)
        assert found.chain.final_height == world.chain.final_height
        assert found.chain.height >= found.chain.final_height
        check_whole(found)


@pytest.mark.parametrize("spared", range(1, 17))
def test_a_write_that_fails_changes_nothing_in_memory_either(spared: int) -> None:
    steps, _ = make_story()
    store = Failing(spared)
    world = TreeWorld(store)
    with pytest.raises(StoreError):
        replay(steps, world)
    again = TreeWorld(store)
    assert world.chain.head_id == again.chain.head_id
    assert world.chain.final_height == again.chain.final_height
    height = again.chain.height
    assert world.chain.list_headers()[:height] == again.chain.list_headers()[:height]
    assert world.chain.account(ALICE.public_key) == again.chain.account(ALICE.public_key)
    check_whole(world)


def test_a_killed_process_leaves_one_branch_or_the_other_in_leveldb(tmp_path: Path) -> None:
    steps, _ = make_story()
    world = TreeWorld(LevelStore(tmp_path / "db"))
    for number, step in enumerate(steps):
        step(world)
        copy = tmp_path / f"copy-{number}"
        shutil.copytree(tmp_path / "db", copy)
        found = TreeWorld(LevelStore(copy))
        assert found.chain.head_id == world.chain.head_id
        check_whole(found)
        found.store.close()
    world.store.close()


def test_a_switch_that_is_cut_short_on_the_disk_did_not_happen(tmp_path: Path) -> None:
    steps, _ = make_story()
    path = tmp_path / "db"
    world = TreeWorld(LevelStore(path))
    replay(steps[:3], world)
    old_id, before = world.chain.head_id, dump(world.store)
    ours, theirs = make_worlds()
    theirs.follow(ours.mine(ACKNOWLEDGED[0]))
    long = [theirs.mine(ACKNOWLEDGED[4]), theirs.mine(*ACKNOWLEDGED[1:3]), theirs.mine()]
    world.take(*long)
    stored = dump(world.store)
    (log,) = path.glob("*.log")
    start = log.stat().st_size
    world.chain.adopt(long[-1][0])
    end = log.stat().st_size
    for number, cut in enumerate(range(start + 1, end, (end - start) // 7)):
        copy = tmp_path / f"cut-{number}"
        shutil.copytree(path, copy)
        with (copy / log.name).open("r+b") as file:
            file.truncate(cut)
        found = TreeWorld(LevelStore(copy))
        assert found.chain.head_id == old_id
        assert dump(found.store) == stored != before
        found.chain.adopt(long[-1][0])
        assert found.chain.head_id == world.chain.head_id
        found.store.close()
    world.store.close()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["mine", "mine", "mine", "hear", "hear", "reopen", "finalize"]),
        st.integers(0, 2),
        st.integers(0, 2),
        st.sets(st.integers(0, len(ACKNOWLEDGED) - 1), max_size=4),
    ),
    max_size=25,
)


def list_branch(world: TreeWorld) -> list[Named]:
    blocks: list[Named] = []
    for height in range(1, world.chain.height + 1):
        block_id = world.chain.block(height).id
        block = world.chain.get_block(block_id)
        assert block is not None
        blocks.append((block_id, block))
    return blocks


def hear(listener: TreeWorld, speaker: TreeWorld) -> None:
    """Take over a longer branch, unless it leaves below what is final."""
    chain, other = listener.chain, speaker.chain
    final = chain.block(chain.final_height).id
    if other.height > chain.height and other.header_by_id(final) is not None:
        listener.follow(*[one for one in list_branch(speaker) if not chain.holds(one[0])])


def choose(numbers: set[int]) -> list[Envelope]:
    return [ACKNOWLEDGED[number] for number in sorted(numbers)]


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_happened_the_adopted_branch_alone_is_what_counts(
    steps: list[tuple[str, int, int, set[int]]],
) -> None:
    worlds = make_worlds(3)
    for world in worlds:
        world.store.write(log_batch(ACKNOWLEDGED))
    for verb, number, other, transactions in steps:
        world = worlds[number]
        if verb == "mine":
            world.mine(*choose(transactions), time_ms=world.chain.head.timestamp_ms + number + 1)
        elif verb == "hear":
            hear(world, worlds[other])
        elif verb == "reopen":
            world.chain = world.reopen()
        else:
            world.chain.finalize(max(world.chain.height - 2, 0))
    for world in worlds:
        check_whole(world)
        fresh = TreeWorld()
        fresh.store.write(log_batch(ACKNOWLEDGED))
        for block in list_branch(world):
            fresh.follow(block)
        assert adopted_part(fresh.store) == adopted_part(world.store)
        assert fresh.list_waiting() == world.list_waiting()
