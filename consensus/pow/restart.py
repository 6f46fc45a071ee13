"""Standing up: the tree is what the host's store of blocks holds, and the heaviest branch counts.

There is no journal. Blocks in the store are durable since `Stored`, so whatever was shared, mined on
or adopted is among them; the ledger may stand lower than it did, and is led up again.
"""

from collections.abc import Iterator

from consensus.effects import Effect, SetTimer
from consensus.events import Started
from consensus.pow import growing, mining
from consensus.pow.block_tree import BlockTree, plant
from consensus.pow.compact import decode_compact
from consensus.pow.fetching import RESEND
from consensus.pow.header_rules import compute_bits
from consensus.pow.parameters import Parameters
from consensus.pow.replica import Replica
from consensus.pow.work import compute_id


def on_started(replica: Replica, event: Started) -> Iterator[Effect]:
    """The first event: grow the tree, and go on where the ledger stands."""
    if replica.tree is not None:
        return
    assert event.tree is not None, "an engine of block trees is told what is stored"
    tree = replica.tree = grow(event, replica.parameters)
    replica.stale.note(tree.finalize(event.tree.final), event.tree.final)
    yield SetTimer(RESEND, replica.parameters.resend_ms)
    heaviest = tree.find_heaviest()
    if heaviest.work > tree.head.work:
        replica.count("restarted_ahead")
        yield from growing.move_head(replica, heaviest)
        return
    replica.applied = tree.head.block_id
    yield from growing.settle(replica, tree.head.height - replica.parameters.depth)
    yield from mining.keep_mining(replica)


def grow(event: Started, parameters: Parameters) -> BlockTree:
    """The tree that a disk holds, adopted as far as the ledger; nothing of it is final yet."""
    assert event.tree is not None
    tree = plant(event.tree.root_id, event.tree.root_time_ms, parameters.first_bits)
    for header in event.tree.headers:
        block_id = compute_id(header)
        bits = compute_bits(tree, tree.nodes[header.parent], parameters)
        tree.add(block_id, header, bits, decode_compact(bits).magnitude)
        tree.store(block_id)
    tree.adopt(event.block_id)
    return tree
