"""The event log: in order, bounded, numbered anew at each start."""

import pytest

from ledger.store.memory import MemoryStore
from ledger.store.store import Batch
from node.events import log as module
from node.events.cursor import Place
from node.events.log import EventLogError
from node.events.records import Entry, Started, encode_entry
from tests.node.events.support import open_log, read_all, started


def test_records_come_back_in_order_under_their_places() -> None:
    log = open_log()
    first = log.append([started("a"), started("b")])
    second = log.append([started("c")])
    assert [read.place for read in first + second] == [Place(1, n) for n in (1, 2, 3)]
    assert read_all(log) == first + second
    assert log.newest == Place(1, 3)


def test_a_read_is_bounded_by_count_and_bytes() -> None:
    log = open_log()
    log.append([started("x" * 100) for _ in range(10)])
    assert len(log.read(Place(1, 3), log.newest, 4, 10**6)) == 4
    assert len(log.read(Place(1, 3), log.newest, 100, 150)) == 2
    assert [read.place.number for read in log.read(Place(1, 9), Place(1, 9), 9, 10**6)] == [9]


def test_each_start_is_a_run_of_its_own() -> None:
    store = MemoryStore()
    log = open_log(store)
    log.append([started("a")])
    again = open_log(store)
    again.append([started("b")])
    assert (again.id, again.run) == (log.id, 2)
    assert [read.place for read in read_all(again)] == [Place(1, 1), Place(2, 1)]
    assert open_log(MemoryStore()).id != log.id


def test_the_oldest_go_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_RECORDS", 4)
    store = MemoryStore()
    log = open_log(store, count_max=10)
    for number in range(23):
        log.append([started(str(number))])
    kept = [read.place.number for read in read_all(log)]
    assert kept == list(range(kept[0], 24))
    assert 7 <= len(kept) <= 10
    assert log.count == len(kept)
    assert log.forgotten == Place(1, kept[0] - 1)
    assert log.oldest == Place(1, kept[0])
    reopened = open_log(store, count_max=10)
    assert (reopened.forgotten, reopened.count) == (log.forgotten, log.count)


def test_the_oldest_go_when_they_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_RECORDS", 2)
    log = open_log(bytes_max=2_000)
    for _ in range(50):
        log.append([started("x" * 100)])
    assert 10 <= log.count <= 2_000 // 113


def test_what_a_power_cut_took_is_noticed() -> None:
    store = MemoryStore()
    log = open_log(store)
    log.append([started("a"), started("b")])
    lost = Place(1, 2)
    assert not open_log(store).has_lost(lost)
    key = next(key for key, _ in reversed(list(store.scan(b"e", b"f"))))
    batch = Batch()
    batch.delete(key)
    store.write(batch)
    again = open_log(store)
    assert again.has_lost(lost)
    assert not again.has_lost(Place(1, 1))
    assert not again.has_lost(Place(1, 0))
    assert not again.has_lost(again.newest)


def test_how_far_the_chain_was_announced_is_kept_with_the_records() -> None:
    log = open_log()
    assert log.get_announced() is None
    log.append([started()], b"here")
    log.append([started()])
    assert log.get_announced() == b"here"


def test_another_format_is_refused_with_advice() -> None:
    store = MemoryStore()
    batch = Batch()
    batch.put(b"F", b"\x01")
    store.write(batch)
    with pytest.raises(EventLogError, match="another version") as raised:
        open_log(store)
    assert "data/events" in raised.value.advice


def test_a_damaged_record_is_named() -> None:
    store = MemoryStore()
    log = open_log(store)
    log.append([started()])
    batch = Batch()
    batch.put(next(key for key, _ in store.scan(b"e", b"f")), b"\xc1")
    store.write(batch)
    with pytest.raises(EventLogError):
        read_all(open_log(store))


def test_the_bytes_of_an_entry() -> None:
    entry = Entry(1_700_000_000_000, Started("0.1.0"))
    assert encode_entry(entry).hex() == "92cf0000018bcfe568009201a5302e312e30"
