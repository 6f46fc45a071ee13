"""Signing in worker processes, before anything is measured.

What crosses the process boundary is plain: numbers and bytes in, one ready HTTP body per batch out.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from typing import NamedTuple

import msgspec

from ledger.keys import KeyPair
from ledger.transaction import Transfer, build


class Draft(NamedTuple):
    """A payment of 1 that is still to be signed: the sender's seed, its nonce, the recipient."""

    seed: bytes
    nonce: int
    recipient: bytes


class SignedBatch(NamedTuple):
    """A batch as it is sent: the msgpack body, and the ids one after another (32 bytes each)."""

    body: bytes
    ids: bytes


@lru_cache(maxsize=100_000)
def make_key(seed: bytes) -> KeyPair:
    """Deriving the public key costs as much as a signature: once per account and process."""
    return KeyPair(seed)


def sign_batch(chain_id: bytes, valid_until: int, drafts: Sequence[Draft]) -> SignedBatch:
    """Sign one batch and encode its HTTP body."""
    made = [
        build(
            chain_id,
            make_key(draft.seed),
            draft.nonce,
            0,
            valid_until,
            Transfer(draft.recipient, 1),
        )
        for draft in drafts
    ]
    body = msgspec.msgpack.encode([envelope.raw for envelope in made])
    return SignedBatch(body, b"".join(envelope.id for envelope in made))


def sign_batches(
    pool: ProcessPoolExecutor,
    chain_id: bytes,
    valid_until: int,
    batches: Sequence[Sequence[Draft]],
) -> Iterator[SignedBatch]:
    """Sign many batches over all workers, in order."""
    futures = [pool.submit(sign_batch, chain_id, valid_until, batch) for batch in batches]
    return (future.result() for future in futures)
