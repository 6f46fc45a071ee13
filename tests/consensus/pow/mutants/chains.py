"""Bugs in how the tree grows: what is adopted, mined on and final."""

from collections.abc import Iterator

from consensus.block import Header
from consensus.effects import Effect, Finalize, Mine
from consensus.events import Started, Stored, Verdict
from consensus.pow import block_tree, growing, mining, restart
from consensus.pow.block_tree import BlockTree, Node
from consensus.pow.replica import Replica
from consensus.simulation.host import Host
from consensus.simulation.request import Request
from tests.consensus.mutants.hunting import ENGINE_ERROR
from tests.consensus.mutants.planting import Ground, Mutant

STORM = Request(engine="pow")
SPLITS = ("agreement", "uniform-agreement", "no-divergence", "finality", "integrity")
STOPS = ("bounded-progress",)


def finalize_early(ground: Ground) -> None:
    """Two blocks above are enough."""
    real = growing.settle

    def settle(replica: Replica, _height: int) -> Iterator[Effect]:
        return real(replica, replica.grown.head.height - 2)

    ground.swap(real, settle)


def finalize_with_gaps(ground: Ground) -> None:
    """Of several blocks that become final at once, only the last is told of."""
    real = growing.settle

    def settle(replica: Replica, height: int) -> Iterator[Effect]:
        effects = list(real(replica, height))
        yield from (e for e in effects[:-1] if not isinstance(e, Finalize))
        yield from effects[-1:]

    ground.swap(real, settle)


def never_reorganise(ground: Ground) -> None:
    """Only what stands on the head is better."""

    def is_better(replica: Replica, node: Node) -> bool:
        return node.parent == replica.grown.chain[-1]

    ground.swap(growing.is_better, is_better)


def count_blocks(ground: Ground) -> None:
    """Length instead of work."""
    ground.put(block_tree, "compute_work", lambda _target: 1)


def prefer_new(ground: Ground) -> None:
    """Of two branches that differ by less than one block the newer."""
    real = growing.is_better

    def is_better(replica: Replica, node: Node) -> bool:
        return node.height == replica.grown.head.height or real(replica, node)

    ground.swap(real, is_better)


def build_on_headers(ground: Ground) -> None:
    """A known header is as good as a stored block."""
    real = BlockTree.add

    def add(tree: BlockTree, block_id: bytes, header: Header, bits: int, target: int) -> Node:
        node = real(tree, block_id, header, bits, target)
        if block_id not in tree.outside:
            tree.connected[block_id] = tree.seen
            tree.seen += 1
        return node

    def store(tree: BlockTree, block_id: bytes) -> list[Node]:
        tree.stored.add(block_id)
        return [] if block_id in tree.outside else [tree.nodes[block_id]]

    ground.put(BlockTree, "add", add)
    ground.put(BlockTree, "store", store)


def discredit_spoiled(ground: Ground) -> None:
    """A body that is not the header's own discredits the header."""
    real = growing.on_stored

    def on_stored(replica: Replica, event: Stored) -> Iterator[Effect]:
        if event.verdict is Verdict.MISMATCH:
            return real(replica, Stored(event.block_id, Verdict.INVALID))
        return real(replica, event)

    ground.swap(real, on_stored)


def mine_where_it_was(ground: Ground) -> None:
    """What was begun is mined on, whatever the head is now."""
    real = mining.keep_mining

    def keep_mining(replica: Replica) -> Iterator[Effect]:
        return real(replica) if replica.mining is None else iter(())

    ground.swap(real, keep_mining)


def mine_before_adopting(ground: Ground) -> None:
    """The next block is asked for before the ledger stands on the head."""
    real = growing.move_head

    def move_head(replica: Replica, node: Node) -> Iterator[Effect]:
        yield from real(replica, node)
        replica.applied = node.block_id

    ground.swap(real, move_head)


def idle_after_restart(ground: Ground) -> None:
    """Who stands up with a chain waits for others to go on."""
    real = restart.on_started

    def on_started(replica: Replica, event: Started) -> Iterator[Effect]:
        effects = list(real(replica, event))
        yield from (e for e in effects if not isinstance(e, Mine) or not event.height)

    ground.swap(real, on_started)


def forget_stored(ground: Ground) -> None:
    """The host says of a block that was held that it is stored, and never writes it."""
    from consensus.simulation import tree_host

    real = tree_host.write

    def write(host: Host, effect: object) -> None:
        if host.habits.check_ms:
            host.follow_write(effect)  # type: ignore[arg-type]
        else:
            real(host, effect)  # type: ignore[arg-type]

    ground.swap(real, write)


MUTANTS = (
    Mutant("finalizes-early", "a block is final under two others", SPLITS, finalize_early, STORM),
    Mutant(
        "finalizes-with-gaps",
        "of several blocks that become final at once only one is told of",
        SPLITS,
        finalize_with_gaps,
        STORM,
    ),
    Mutant(
        "never-reorganises",
        "no other branch is ever adopted",
        (*SPLITS, *STOPS),
        never_reorganise,
        STORM,
    ),
    Mutant(
        "counts-blocks",
        "the longest branch is adopted instead of the heaviest",
        ("heavier", *SPLITS),
        count_blocks,
        STORM,
    ),
    Mutant(
        "prefers-the-new",
        "of two branches of one height the newer is adopted",
        ("heavier",),
        prefer_new,
        STORM,
    ),
    Mutant(
        "builds-on-headers",
        "a branch is adopted of which not all bodies are here",
        (ENGINE_ERROR,),
        build_on_headers,
        STORM,
    ),
    Mutant(
        "discredits-spoiled",
        "who hands on a block with a wrong body makes all others refuse the block",
        (*SPLITS, *STOPS),
        discredit_spoiled,
        STORM,
    ),
    Mutant(
        "mines-where-it-was",
        "a miner goes on below a head that has moved",
        STOPS,
        mine_where_it_was,
        STORM,
    ),
    Mutant(
        "mines-before-adopting",
        "a head counts as adopted before the ledger stands there",
        (*SPLITS, *STOPS, ENGINE_ERROR),
        mine_before_adopting,
        STORM,
    ),
    Mutant(
        "idles-after-restart",
        "who stands up again does not mine until another does",
        STOPS,
        idle_after_restart,
        Request(engine="pow", nodes=1),
    ),
    Mutant(
        "forgets-stored",
        "a slow host confirms blocks that it never writes",
        (*SPLITS, *STOPS, ENGINE_ERROR),
        forget_stored,
        STORM,
    ),
)
