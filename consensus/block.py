"""Blocks of a tree, as far as engine and host have to agree on them; proof of work needs them.

A header is plain fields. `content` is the digest of everything else that the ledger puts under the
block (payload, roots), so the engine can judge headers without a ledger; `claim` is the engine's
own. How a header is named is the engine's business too (`TreeRules.identify` in the catalog).
"""

from consensus.message import Digest, Height, Message


class Header(Message, tag="header", frozen=True, array_like=True, forbid_unknown_fields=True):
    """One block of the tree without its body; `time_ms` is its miner's word, on no one's clock."""

    height: Height
    parent: bytes
    time_ms: int
    content: Digest
    claim: bytes


class TreeBlock(Message, tag="block", frozen=True, array_like=True, forbid_unknown_fields=True):
    """A header and the value that it stands for."""

    header: Header
    value: bytes


class Template(Message, tag="template", frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a miner starts from: the host adds content and a time, and looks for the proof.

    `time_ms_min` is the earliest time that the rules allow; the host takes its clock's if that is
    later. `claim` holds all but the proof.
    """

    height: Height
    parent: bytes
    time_ms_min: int
    claim: bytes
