"""When a header is good: first by itself, then on its parent.

By itself: sizes, a target within the limit in its one spelling, the proof. On its parent: the next
height, the target computed from the branch, a time above the median of the last eleven. That a time
lies too far ahead is nobody's fault for ever: such a block is held by the host (`Store.since_ms`),
not refused. Times may run backwards between neighbours, but the median cannot.
"""

from consensus.block import Header
from consensus.pow.block_tree import BlockTree, Node
from consensus.pow.compact import decode_target
from consensus.pow.parameters import Parameters
from consensus.pow.refusals import Refusal
from consensus.pow.work import compute_simulated_nonce, decode_claim, is_proved, is_well_formed


def check_header(header: Header, block_id: bytes, parameters: Parameters) -> Refusal | None:
    """Judge a header by itself: why it is bad, or None."""
    claim = decode_claim(header.claim)
    if claim is None or not is_well_formed(header) or header.height < 1:
        return Refusal.BAD_FORM
    target = decode_target(claim.bits, parameters.limit)
    if target is None:
        return Refusal.BAD_TARGET
    if parameters.simulated_work:
        proved = claim.nonce == compute_simulated_nonce(header, claim)
    else:
        proved = is_proved(block_id, target)
    return None if proved else Refusal.BAD_PROOF


def validate_header(header: Header, tree: BlockTree, parameters: Parameters) -> Refusal | None:
    """Judge a header on its parent, which is known: why it is bad, or None."""
    parent = tree.nodes[header.parent]
    if header.height != parent.height + 1:
        return Refusal.BAD_HEIGHT
    claim = decode_claim(header.claim)
    assert claim is not None
    if claim.bits != compute_bits(tree, parent, parameters):
        return Refusal.WRONG_TARGET
    if header.time_ms <= tree.compute_median_time_ms(parent.block_id):
        return Refusal.TOO_EARLY
    return None


def compute_bits(tree: BlockTree, parent: Node, parameters: Parameters) -> int:
    """The only target that a block on this parent may have."""
    rule, height = parameters.retargeting, parent.height + 1
    if not rule.is_due(height):
        return parent.bits
    first = tree.find_ancestor(parent.block_id, rule.find_first(height))
    return rule.compute_next(parent.bits, first.header.time_ms, parent.header.time_ms)
