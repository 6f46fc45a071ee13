"""Another header for the same value: what to mine on when every nonce of the old one was tried."""

import msgspec

from consensus.block import TreeBlock


def advance_time(block: TreeBlock, now_ms: int) -> TreeBlock:
    """The block as of now, and at least a millisecond later than it was.

    Only for a ledger whose content does not depend on the time; others compose the block anew.
    """
    time_ms = max(block.header.time_ms + 1, now_ms)
    header = msgspec.structs.replace(block.header, time_ms=time_ms)
    return msgspec.structs.replace(block, header=header)
