"""The journal: what a kill leaves, what a power failure leaves, and what is cut off."""

from hypothesis import given
from hypothesis import strategies as st

from consensus.simulation.chance import Chance
from consensus.simulation.journal import Journal


def written(*records: str) -> Journal:
    journal = Journal()
    for record in records:
        journal.append(record)
    return journal


def test_a_kill_leaves_all_that_was_written() -> None:
    journal = written("a", "b")
    journal.sync()
    assert journal.durable == journal.records == ["a", "b"]


def test_a_sync_confirms_the_oldest_writes() -> None:
    journal = written("a", "b", "c")
    journal.sync(2)
    assert journal.durable == ["a", "b"]
    assert journal.records == ["a", "b", "c"]


def test_a_rewrite_is_there_wholly_or_not_at_all() -> None:
    found = set()
    for seed in range(60):
        journal = written("a")
        journal.sync()
        journal.append("b")
        journal.rewrite(("x", "y"))
        journal.append("c")
        journal.fail_power(Chance(seed))
        found.add(tuple(journal.durable))
    assert found == {("a",), ("a", "b"), ("x", "y"), ("x", "y", "c")}


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 10_000))
def test_a_power_failure_leaves_a_prefix(synced: int, unsynced: int, seed: int) -> None:
    records = [str(number) for number in range(synced + unsynced)]
    journal = written(*records[:synced])
    journal.sync()
    for record in records[synced:]:
        journal.append(record)
    journal.fail_power(Chance(seed))
    kept = len(journal.durable)
    assert synced <= kept
    assert journal.durable == records[:kept]
    assert not journal.torn or kept < len(records)
    assert not journal.unsynced


def test_half_a_record_is_cut_off_once() -> None:
    journal = written("a")
    journal.sync()
    journal.tear()
    assert journal.open()
    assert not journal.open()
    assert journal.durable == ["a"]


def test_a_lost_journal_is_not_a_new_one() -> None:
    journal = written("a")
    journal.wipe()
    assert journal.is_lost
    assert not journal.records
    assert not written("a").is_lost
