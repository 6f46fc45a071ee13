"""Limits that belong to the network: part of its genesis, the same on every node.

Each bounds what a stranger can make all nodes store or do.
"""

import msgspec

from ledger.codec import U64


class Limits(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, kw_only=True
):
    """What one transaction, one record and one payload may weigh."""

    block_transactions_max: U64 = 4_000
    """Ids in the payload of a block, or in all that are united in one: 4,000 take 128 kB on the wire
    and a fraction of a second to execute."""
    block_bytes_max: U64 = 4 * 1024 * 1024
    """Their bodies together."""
    transaction_bytes_max: U64 = 8 * 1024
    """One transaction; the largest record fits."""
    record_key_bytes_max: U64 = 64
    record_value_bytes_max: U64 = 4 * 1024
    clock_drift_ms: U64 = 5_000
    """How far a payload's time may lie ahead of the clock of whoever checks it."""

    def divide(self, parts: int) -> "Limits":
        """For payloads of which `parts` make a block: what is left of it for each of them.

        A transaction of the greatest size still has room in each.
        """
        return msgspec.structs.replace(
            self,
            block_transactions_max=max(self.block_transactions_max // parts, 1),
            block_bytes_max=max(self.block_bytes_max // parts, self.transaction_bytes_max),
        )
