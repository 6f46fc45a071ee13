"""The mempool on disk: a transaction is acknowledged only once it is in here, synced.

Entries stand in the chain's own store, so that the batch of a block removes what it includes. The
caller writes `log_batch` with `sync=True`, many transactions at once, before it answers.
"""

from collections.abc import Iterable, Iterator

from ledger.errors import StoreError, TransactionError
from ledger.reasons import Reason
from ledger.store.schema import PENDING, prefix_range
from ledger.store.store import Batch, Store
from ledger.transaction import Envelope, decode_transaction


def log_batch(envelopes: Iterable[Envelope]) -> Batch:
    """The writes that keep these transactions."""
    batch = Batch()
    batch.extend([(PENDING + envelope.id, envelope.raw) for envelope in envelopes])
    return batch


def forget_batch(ids: Iterable[bytes]) -> Batch:
    """The writes that remove transactions which were dropped."""
    batch = Batch()
    batch.extend([(PENDING + transaction_id, None) for transaction_id in ids])
    return batch


def load(store: Store) -> Iterator[Envelope]:
    """Every kept transaction, in no useful order; raises `StoreError` (store-corrupt).

    Signatures were verified before they were kept. Whoever hands these to a mempool passes over
    what the chain has included meanwhile (the mempool refuses those for their nonce).
    """
    for key, raw in store.scan(*prefix_range(PENDING)):
        try:
            envelope = decode_transaction(raw)
        except TransactionError as error:
            raise StoreError(Reason.STORE_CORRUPT, f"mempool log: {error}") from error
        if envelope.id != key[1:]:
            raise StoreError(Reason.STORE_CORRUPT, "mempool log: an entry under another's id")
        yield envelope
