"""What this replica mines on: its head, once the ledger stands there."""

from collections.abc import Iterator

from consensus.block import Template
from consensus.effects import Effect, Mine
from consensus.pow.header_rules import compute_bits
from consensus.pow.replica import Replica
from consensus.pow.work import Claim, encode_claim


def keep_mining(replica: Replica) -> Iterator[Effect]:
    """Ask for a block on the head, if that is not what was asked for already."""
    if replica.me is None:
        return
    template = make_template(replica, replica.grown.chain[-1])
    if template != replica.mining:
        replica.mining = template
        yield Mine(template)


def make_template(replica: Replica, parent_id: bytes) -> Template:
    """Height, earliest time and target of the next block on a known one."""
    assert replica.me is not None
    tree = replica.grown
    parent = tree.nodes[parent_id]
    bits = compute_bits(tree, parent, replica.parameters)
    earliest_ms = tree.compute_median_time_ms(parent_id) + 1
    claim = encode_claim(Claim(bits, 0, replica.me))
    return Template(parent.height + 1, parent_id, earliest_ms, claim)
