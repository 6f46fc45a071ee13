"""Whole blocks arrive: from a peer, from the own miner, or from among the orphans."""

from collections.abc import Iterator

from consensus.block import Header, TreeBlock
from consensus.committee import ReplicaId
from consensus.effects import Effect, Ignore, Send, Store
from consensus.events import Mined
from consensus.pow.bodies import fetch_more
from consensus.pow.header_rules import check_header
from consensus.pow.knowing import add_header, refuse_header
from consensus.pow.messages import Locate
from consensus.pow.parameters import compute_mean_hashes
from consensus.pow.refusals import Refusal
from consensus.pow.replica import Replica, ignore
from consensus.pow.work import compute_id, is_well_formed


def on_block(replica: Replica, sender: ReplicaId, block: TreeBlock) -> Iterator[Effect]:
    """Somebody shares a block."""
    if not is_well_formed(block.header):
        return ignore(block, Refusal.BAD_FORM)
    block_id = compute_id(block.header)
    if refusal := refuse_block(replica, block_id, block.header):
        return ignore(block, refusal)
    if block.header.parent not in replica.grown.nodes:
        return hold_orphan(replica, sender, block_id, block)
    return take_and_fetch(replica, sender, block_id, block)


def take_and_fetch(
    replica: Replica, sender: ReplicaId, block_id: bytes, block: TreeBlock
) -> Iterator[Effect]:
    """A shared block, and what its sender has below it that is missing here."""
    yield from take_block(replica, block_id, block)
    yield from fetch_more(replica, sender)


def on_mined(replica: Replica, event: Mined) -> Iterator[Effect]:
    """The host found a block: it is judged like any other."""
    block = event.block
    block_id = compute_id(block.header)
    if refusal := refuse_block(replica, block_id, block.header):
        return ignore(event, refusal)
    if block.header.parent not in replica.grown.nodes:
        return ignore(event, Refusal.UNKNOWN_PARENT)
    return take_block(replica, block_id, block)


def refuse_block(replica: Replica, block_id: bytes, header: Header) -> Refusal | None:
    """Why nothing is to be done about a block, by what it says itself."""
    tree = replica.grown
    if block_id in tree.stored or block_id in replica.storing or replica.orphans.has(block_id):
        return Refusal.DUPLICATE
    if block_id in replica.refuted or header.parent in replica.refuted:
        return Refusal.REFUTED
    if block_id in tree.outside:
        return Refusal.BELOW_FINAL
    if block_id in tree.nodes:
        return None
    return check_header(header, block_id, replica.parameters)


def hold_orphan(
    replica: Replica, sender: ReplicaId, block_id: bytes, block: TreeBlock
) -> Iterator[Effect]:
    """A block without a known parent waits, and its branch is asked for."""
    replica.orphans.put(block_id, block)
    replica.count("orphan_held")
    if sender not in replica.located:
        replica.located.add(sender)
        yield Send(sender, Locate(replica.grown.make_locator()))


def take_block(replica: Replica, block_id: bytes, block: TreeBlock) -> Iterator[Effect]:
    """A block with a known parent: know its header, store it, and let its orphans follow."""
    tree = replica.grown
    if block_id not in tree.nodes:
        if refusal := refuse_header(replica, block_id, block.header):
            yield Ignore(block, refusal)
            return
        yield from add_header(replica, block_id, block.header)
    if refusal := refuse_body(replica, block_id):
        yield Ignore(block, refusal)
    else:
        replica.storing.add(block_id)
        yield Store(block_id, block, max(block.header.time_ms - replica.parameters.drift_ms, 0))
    yield from take_orphans(replica, block_id)


def refuse_body(replica: Replica, block_id: bytes) -> Refusal | None:
    """Why a block is not worth the disk: its branch has to be about as heavy as the adopted one.

    A block that comes a little late is kept, so that forks can be looked at. Whatever is lighter is
    fetched once its branch has become the heaviest.
    """
    tree = replica.grown
    if block_id not in tree.nodes:
        return Refusal.TREE_FULL
    if block_id in tree.outside:
        return Refusal.BELOW_FINAL
    slack = replica.late_blocks * compute_mean_hashes(tree.head.bits)
    is_light = tree.nodes[block_id].work + slack < tree.head.work
    return Refusal.TOO_LIGHT if is_light and not tree.is_wanted(block_id) else None


def take_orphans(replica: Replica, parent: bytes) -> Iterator[Effect]:
    """The blocks that waited for this one."""
    for block_id, block in replica.orphans.take_children(parent):
        yield from take_block(replica, block_id, block)
