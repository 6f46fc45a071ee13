"""A miner that finds nothing, for nodes that only verify."""

from consensus.block import TreeBlock


class IdleMiner:
    """Hashes nothing."""

    async def start(self) -> None:
        """Nothing to start."""

    def mine(self, block: TreeBlock | None) -> None:
        """Leave the block as it is."""

    async def close(self) -> None:
        """Nothing to end."""
