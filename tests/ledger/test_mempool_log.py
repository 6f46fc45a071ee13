from pathlib import Path

import pytest

from ledger.errors import StoreError
from ledger.mempool_log import forget_batch, load, log_batch
from ledger.reasons import Reason
from ledger.store.leveldb import LevelStore
from ledger.store.memory import MemoryStore
from ledger.store.schema import PENDING
from ledger.store.store import Batch
from tests.ledger.support import record, transfer


def test_what_was_logged_is_there_after_a_restart(tmp_path: Path) -> None:
    store = LevelStore(tmp_path / "db")
    envelopes = [transfer(nonce=nonce) for nonce in range(10)] + [record(nonce=10)]
    store.write(log_batch(envelopes), sync=True)
    store.write(forget_batch([envelopes[3].id]))
    store.close()
    store = LevelStore(tmp_path / "db")
    found = {envelope.id: envelope for envelope in load(store)}
    store.close()
    assert found == {e.id: e for e in envelopes if e is not envelopes[3]}


@pytest.mark.parametrize("damage", ["garbage", "another's"])
def test_a_damaged_entry_is_corruption(damage: str) -> None:
    store = MemoryStore()
    batch = Batch()
    raw = {"garbage": b"garbage", "another's": transfer(nonce=1).raw}[damage]
    batch.put(PENDING + transfer().id, raw)
    store.write(batch)
    with pytest.raises(StoreError) as caught:
        list(load(store))
    assert caught.value.reason is Reason.STORE_CORRUPT
