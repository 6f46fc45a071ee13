"""Knowing headers: what is judged of a block whose parent is known, before anybody holds its body."""

from collections.abc import Iterator

from consensus.block import Header
from consensus.effects import Diverge, Effect
from consensus.pow.block_tree import Node
from consensus.pow.compact import decode_compact
from consensus.pow.header_rules import compute_bits, validate_header
from consensus.pow.refusals import Refusal
from consensus.pow.replica import Replica


def refuse_header(replica: Replica, block_id: bytes, header: Header) -> Refusal | None:
    """Why a header that is good by itself cannot stand on its parent."""
    tree = replica.grown
    if block_id in replica.refuted or header.parent in replica.refuted:
        return Refusal.REFUTED
    return validate_header(header, tree, replica.parameters)


def add_header(replica: Replica, block_id: bytes, header: Header) -> Iterator[Effect]:
    """Know a header that was judged good, if there is room for it.

    Says so if it makes a finality that was wrong.
    """
    tree = replica.grown
    if tree.is_full_for(header.parent):
        replica.count("branches_forgotten")
        replica.forget(tree.make_room())
        if header.parent not in tree.nodes:
            return
    parent = tree.nodes[header.parent]
    bits = compute_bits(tree, parent, replica.parameters)
    if tree.children.get(header.parent):
        replica.count("fork_seen")
    if bits != parent.bits:
        replica.count("retargeted")
    node = tree.add(block_id, header, bits, decode_compact(bits).magnitude)
    if block_id in tree.outside:
        replica.stale.note((node,), tree.final)
        yield from warn(replica, node)


def warn(replica: Replica, node: Node) -> Iterator[Effect]:
    """A branch from below the final block: once one is heavier than the own, somebody was wrong."""
    tree = replica.grown
    if replica.warned or node.work <= tree.head.work:
        return
    replica.warned = True
    height = tree.find_fork(node.block_id).height + 1
    other = tree.find_ancestor(node.block_id, height)
    yield Diverge(height, tree.chain[height], other.block_id)
