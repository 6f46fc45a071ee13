"""Blocks of a tree in their two forms: as the engine judges them, and as the ledger executes them."""

from consensus.block import Header as TreeHeader
from consensus.block import TreeBlock
from consensus.engine_spec import TreeRules
from consensus.events import StoredTree
from ledger.block import Header
from ledger.branches import BranchBlock
from ledger.composing import Draft
from ledger.content import Content, compute_content, encode_value, make_header
from ledger.opening import Identify
from ledger.tree_chain import TreeChain


def to_tree_header(header: Header) -> TreeHeader:
    """The engine's form of a ledger's header."""
    content = compute_content(header)
    return TreeHeader(header.height, header.parent, header.timestamp_ms, content, header.claim)


def to_tree_block(block: BranchBlock | Draft) -> TreeBlock:
    """The engine's form of a block, whose bodies travel apart."""
    value = encode_value(block.header, block.payload)
    return TreeBlock(to_tree_header(block.header), value)


def to_header(header: TreeHeader, content: Content) -> Header:
    """The ledger's form of a header; raises `PayloadError` if its payload is none."""
    return make_header(header.height, header.parent, header.time_ms, header.claim, content)


def make_identify(rules: TreeRules) -> Identify:
    """How an engine names what the ledger holds."""

    def identify(header: Header) -> bytes:
        return rules.identify(to_tree_header(header))

    return identify


def describe_tree(chain: TreeChain) -> StoredTree:
    """What the disk holds, for an engine that starts."""
    root = chain.block(0)
    headers = tuple(map(to_tree_header, chain.list_headers()))
    return StoredTree(root.id, root.header.timestamp_ms, headers, chain.final_height)
