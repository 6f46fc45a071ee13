"""Blocks to be proved, easy and hopeless ones, and a miner whose answers a test can await."""

import asyncio
from types import TracebackType
from typing import Any, Self

from consensus.block import Header, TreeBlock
from consensus.catalog import get
from consensus.pow.work import Claim, compute_id, encode_claim
from node.mining.miner import Miner

ENGINE = "pow"
EASY = 0x2000FFFF
"""A proof takes 256 hashes."""
HOPELESS = 0x03000001
"""Nobody will ever find a hash of 1 or less."""

tree = get(ENGINE).tree


def make_block(bits: int, *, time_ms: int = 1_000) -> TreeBlock:
    """A block without a proof."""
    claim = encode_claim(Claim(bits, 0, 3))
    return TreeBlock(Header(1, bytes(32), time_ms, b"c" * 32, claim), b"value")


def is_proved(block: TreeBlock) -> bool:
    """Is the id as small as 256 hashes make it."""
    return compute_id(block.header)[0] == 0


class Mining:
    """A miner that collects what it is told."""

    def __init__(self, **options: Any) -> None:
        self.found: asyncio.Queue[TreeBlock] = asyncio.Queue()
        self.exhausted: asyncio.Queue[TreeBlock] = asyncio.Queue()
        self.failures: list[BaseException] = []
        self.miner = Miner(
            ENGINE,
            **{
                "workers": 1,
                "nice": 0,
                "on_found": self.found.put_nowait,
                "on_exhausted": self.exhausted.put_nowait,
                "on_failure": self.failures.append,
                **options,
            },
        )

    async def __aenter__(self) -> Self:
        self.miner.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.miner.close()
