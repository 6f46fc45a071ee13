"""What every store promises, asked of each of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.errors import StoreError
from ledger.reasons import Reason
from ledger.store.leveldb import LevelStore
from ledger.store.memory import MemoryStore
from ledger.store.store import Batch, Store, compute_prefix_end

MAKERS: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "leveldb": lambda path: LevelStore(path / "db"),
}


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = MAKERS[request.param](tmp_path)
    yield made
    made.close()


def write(store: Store, **pairs: str | None) -> None:
    batch = Batch()
    for key, value in pairs.items():
        if value is None:
            batch.delete(key.encode())
        else:
            batch.put(key.encode(), value.encode())
    store.write(batch)


def test_put_get_delete(store: Store) -> None:
    assert store.get(b"a") is None
    write(store, a="1", b="2")
    assert (store.get(b"a"), store.get(b"b")) == (b"1", b"2")
    write(store, a=None, c=None)
    assert store.get(b"a") is None


def test_the_last_write_to_a_key_wins(store: Store) -> None:
    batch = Batch()
    batch.put(b"a", b"1")
    batch.delete(b"a")
    batch.extend([(b"b", None), (b"b", b"2")])
    store.write(batch, sync=True)
    assert (store.get(b"a"), store.get(b"b")) == (None, b"2")
    assert len(batch) == 4


def test_empty_values_are_values(store: Store) -> None:
    write(store, a="")
    assert store.get(b"a") == b""


def test_scans_are_ordered_and_half_open(store: Store) -> None:
    write(store, b="2", a="1", d="4", c="3")
    assert list(store.scan(b"b", b"d")) == [(b"b", b"2"), (b"c", b"3")]
    assert list(store.scan(b"b", b"d", reverse=True)) == [(b"c", b"3"), (b"b", b"2")]
    assert list(store.scan(b"e", b"f")) == []


def test_backwards_from_beyond_the_last_key(store: Store) -> None:
    write(store, a="1")
    assert list(store.scan(b"a", b"b", reverse=True)) == [(b"a", b"1")]
    assert list(store.scan(b"b", b"c", reverse=True)) == []


def test_a_scan_sees_the_store_as_it_was(store: Store) -> None:
    write(store, a="1", b="2")
    scan = store.scan(b"a", b"z")
    assert next(scan) == (b"a", b"1")
    write(store, b="changed", c="3")
    assert list(scan) == [(b"b", b"2")]


def test_an_abandoned_scan_does_no_harm(store: Store) -> None:
    write(store, a="1", b="2")
    assert next(store.scan(b"a", b"z")) == (b"a", b"1")
    write(store, a=None)
    assert list(store.scan(b"a", b"z")) == [(b"b", b"2")]


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    for use in (
        lambda: store.get(b"a"),
        lambda: list(store.scan(b"a", b"b")),
        lambda: write(store, a="1"),
        store.sync,
    ):
        with pytest.raises(StoreError) as caught:
            use()
        assert caught.value.reason is Reason.STORE_CLOSED


def test_sync_keeps_everything(store: Store) -> None:
    write(store, a="1")
    store.sync()
    assert store.get(b"a") == b"1"


def test_the_end_of_a_prefix() -> None:
    assert compute_prefix_end(b"s") == b"t"
    assert compute_prefix_end(b"ab") == b"ac"


keys = st.binary(min_size=1, max_size=3)
batches = st.lists(st.lists(st.tuples(keys, st.none() | st.binary(max_size=3)), max_size=8))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches, keys, keys)
def test_both_stores_behave_alike(
    tmp_path_factory: pytest.TempPathFactory,
    history: list[list[tuple[bytes, bytes | None]]],
    start: bytes,
    stop: bytes,
) -> None:
    memory, level = MemoryStore(), LevelStore(tmp_path_factory.mktemp("db"))
    try:
        for writes in history:
            for store in (memory, level):
                batch = Batch()
                batch.extend(writes)
                store.write(batch)
        for reverse in (False, True):
            assert list(memory.scan(start, stop, reverse=reverse)) == list(
                level.scan(start, stop, reverse=reverse)
            )
    finally:
        level.close()
