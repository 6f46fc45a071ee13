"""What a proof-of-work replica may say: it signs nothing, so only whole blocks need a disk."""

from typing import Any

from consensus.block import TreeBlock


def is_stored(message: Any, records: tuple[Any, ...]) -> bool:
    """Is this message, were it sent now, covered: a block by itself on disk, anything else always."""
    return not isinstance(message, TreeBlock) or message.header in records
