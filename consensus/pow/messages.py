"""What nodes of a proof-of-work network say to each other.

Nothing is signed: a block carries its own proof, and everything else is a question, or an answer
that is judged by itself. `TreeBlock` of the contract is a message as it is.
"""

from consensus.block import Header, TreeBlock
from consensus.message import Codec, Message

HEADERS_MAX = 256
"""In one answer."""
WANTED_MAX = 16
"""Bodies asked for at once."""
LOCATOR_MAX = 64
"""Ids in a locator: enough for 2^50 blocks."""


class Locate(Message, tag="locate", frozen=True, array_like=True, forbid_unknown_fields=True):
    """Which headers follow on the branch I am on: its ids from the tip down, in growing steps."""

    locator: tuple[bytes, ...]


class Headers(Message, tag="headers", frozen=True, array_like=True, forbid_unknown_fields=True):
    """Headers, each the parent of the next: an answer to `Locate`, or the own tip."""

    headers: tuple[Header, ...]


class Want(Message, tag="want", frozen=True, array_like=True, forbid_unknown_fields=True):
    """Send me these blocks."""

    block_ids: tuple[bytes, ...]


MESSAGES = Codec(TreeBlock | Locate | Headers | Want)
NOTHING = Codec(None)
"""No journal, no seals, no certificates: the host's store of blocks is all that lasts."""
