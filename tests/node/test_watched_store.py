"""The watched store: its errors reach the node, whoever else hears of them."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger.errors import StoreError
from ledger.store.memory import MemoryStore
from ledger.store.store import Batch
from node.watched_store import WatchedStore

BATCH = Batch()
BATCH.put(b"a", b"1")


def test_it_is_the_store() -> None:
    failures: list[BaseException] = []
    store = WatchedStore(MemoryStore(), failures.append)
    store.write(BATCH)
    store.sync()
    assert store.get(b"a") == b"1"
    assert store.get(b"b") is None
    assert list(store.scan(b"", b"\xff")) == [(b"a", b"1")]
    assert failures == []


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.get(b"a"),
        lambda store: store.write(BATCH),
        lambda store: store.write(BATCH, sync=True),
        lambda store: store.sync(),
        lambda store: list(store.scan(b"", b"\xff")),
    ],
    ids=["get", "write", "synced-write", "sync", "scan"],
)
def test_an_error_is_told_and_raised(use: Callable[[Any], Any]) -> None:
    failures: list[BaseException] = []
    store = WatchedStore(MemoryStore(), failures.append)
    store.close()
    with pytest.raises(StoreError) as caught:
        use(store)
    assert failures == [caught.value]
