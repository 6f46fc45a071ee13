"""How the tree grows: blocks are stored, become the head, become final.

Safety is a matter of chance here: two honest replicas finalize different blocks only if somebody
outworks the honest by `depth` blocks, or if they could not hear each other for so long. Whoever
notices that a branch from below its final block has become heavier says so (`Diverge`), and stays.

A body that is not the header's own says nothing of the block: whoever passes a block on can spoil its
body, but not its proof. Only the body is dropped; to refuse the block would let a liar cut replicas
off from it (Bitcoin's CVE-2012-2459 is of this kind).

Nothing leaves before it is durable: a block is shared, mined on and adopted only after `Stored`.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from consensus.effects import Adopt, Effect, Finalize, Ignore, Share
from consensus.events import Applied, Refuted, Stored, Verdict
from consensus.pow import bodies, mining
from consensus.pow.block_tree import Node
from consensus.pow.refusals import Refusal
from consensus.pow.replica import Replica


def on_stored(replica: Replica, event: Stored) -> Iterator[Effect]:
    """The host has judged the content of a block, and holds it for good if that is right."""
    block_id = event.block_id
    if block_id not in replica.storing:
        return
    if event.verdict is Verdict.LATER:
        if block_id not in replica.held:
            replica.held.add(block_id)
            replica.count("future_held")
        return
    replica.storing.discard(block_id)
    replica.held.discard(block_id)
    if event.verdict is Verdict.MISMATCH:
        replica.count("foreign_body")
        yield Ignore(event, Refusal.FOREIGN_BODY)
        return
    if event.verdict is Verdict.INVALID:
        yield from forget_branch(replica, block_id, event)
        return
    for node in replica.grown.store(block_id):
        yield Share(node.block_id, None)
        if is_better(replica, node):
            yield from move_head(replica, node)
    yield from bodies.fetch_more(replica, replica.source)


def forget_branch(replica: Replica, block_id: bytes, event: Any) -> Iterator[Effect]:
    """A block with wrong content goes, and all above it."""
    replica.count("content_refused")
    tree = replica.grown
    replica.refute(block_id)
    if block_id in tree.nodes:
        refute_branch(replica, tree.remove(block_id))
    yield Ignore(event, Refusal.BAD_CONTENT)


def refute_branch(replica: Replica, removed: list[Node]) -> None:
    """These blocks are no good, whoever tells of them again."""
    replica.forget(removed)
    for node in removed:
        replica.refute(node.block_id)


def is_better(replica: Replica, node: Node) -> bool:
    """More work than the head; with as much, the first seen stays, or a coin decides."""
    head = replica.grown.head
    if node.work != head.work:
        return node.work > head.work
    replica.count("tie_met")
    return bool(replica.parameters.random_ties) and toss(replica, node.block_id)


def toss(replica: Replica, block_id: bytes) -> bool:
    """A coin of this replica's own for this block.

    It follows from the genesis, so whoever knows the replica's number can foresee it: good enough
    to draw even, not against an adversary who chooses among blocks.
    """
    seed = f"{replica.parameters.tie_seed}/{replica.me}/".encode()
    return bool(hashlib.sha256(seed + block_id).digest()[0] & 1)


def move_head(replica: Replica, node: Node) -> Iterator[Effect]:
    """Another head; mining waits until the ledger stands there."""
    undone = replica.grown.adopt(node.block_id)
    if undone:
        replica.count("reorganised")
        replica.reorganised[undone] = replica.reorganised.get(undone, 0) + 1
    if undone > 1:
        replica.count("reorganised_deep")
    yield Adopt(node.block_id)


def on_applied(replica: Replica, event: Applied) -> Iterator[Effect]:
    """The ledger stands where it was told to: mine there; what lies deep enough is final."""
    tree = replica.grown
    if event.block_id == replica.applied or event.block_id != tree.chain[-1]:
        return
    replica.applied = event.block_id
    yield from settle(replica, tree.head.height - replica.parameters.depth)
    yield from mining.keep_mining(replica)


def settle(replica: Replica, height: int) -> Iterator[Effect]:
    """All blocks up to a height are irreversible, in order."""
    tree = replica.grown
    if height <= tree.final:
        return
    first = tree.final + 1
    gone = tree.finalize(height)
    replica.forget(gone)
    replica.stale.note(gone, height)
    for at in range(first, height + 1):
        yield Finalize(at, tree.chain[at])


def on_refuted(replica: Replica, event: Refuted) -> Iterator[Effect]:
    """A block cannot be executed: its branch goes, and the heaviest of the others is adopted."""
    tree, block_id = replica.grown, event.block_id
    if block_id not in tree.nodes or tree.nodes[block_id].height <= tree.final:
        return
    replica.count("branch_refuted")
    if tree.is_on_chain(block_id):
        del tree.chain[tree.nodes[block_id].height :]
    refute_branch(replica, tree.remove(block_id))
    replica.applied = b""
    heaviest = tree.find_heaviest()
    tree.adopt(heaviest.block_id)
    yield Adopt(heaviest.block_id)
