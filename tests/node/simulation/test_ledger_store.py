"""What a power failure leaves of a store in memory."""

import pytest

from ledger.errors import StoreError
from ledger.store.store import Batch
from node.simulation.ledger_store import PowerStore


def put(store: PowerStore, *, sync: bool = False, **entries: str | None) -> None:
    batch = Batch()
    batch.extend((k.encode(), None if v is None else v.encode()) for k, v in entries.items())
    store.write(batch, sync=sync)


def content(store: PowerStore) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in store.scan(b"", b"\xff")}


def test_what_was_synced_stays() -> None:
    store = PowerStore([(b"a", b"1")])
    put(store, b="2", a=None)
    store.sync()
    store.fail_power()
    assert content(store) == {"b": "2"}


def test_what_was_not_synced_goes_back_to_what_it_was() -> None:
    store = PowerStore([(b"a", b"1"), (b"b", b"2")])
    store.sync()
    put(store, a="3", b=None, c="4")
    put(store, a=None, c="5")
    assert content(store) == {"c": "5"}
    store.fail_power()
    assert content(store) == {"a": "1", "b": "2"}


def test_the_first_content_is_durable() -> None:
    store = PowerStore([(b"a", b"1")])
    store.fail_power()
    assert store.get(b"a") == b"1"


def test_a_synced_batch_keeps_itself_only() -> None:
    store = PowerStore()
    put(store, a="1", b="1")
    put(store, sync=True, b="2")
    store.fail_power()
    assert content(store) == {"b": "2"}


def test_a_key_written_again_after_a_synced_batch_goes_back_to_that() -> None:
    store = PowerStore()
    put(store, sync=True, a="1")
    put(store, a="2")
    put(store, a=None)
    store.fail_power()
    assert content(store) == {"a": "1"}


def test_the_second_failure_takes_only_what_came_after_the_first() -> None:
    store = PowerStore()
    put(store, a="1")
    store.fail_power()
    put(store, b="2")
    store.sync()
    put(store, c="3")
    store.fail_power()
    assert content(store) == {"b": "2"}


def test_it_scans_backwards() -> None:
    store = PowerStore([(b"a", b"1"), (b"b", b"2")])
    assert [key for key, _ in store.scan(b"a", b"c", reverse=True)] == [b"b", b"a"]


def test_a_closed_store_refuses() -> None:
    store = PowerStore()
    store.close()
    with pytest.raises(StoreError):
        store.get(b"a")
