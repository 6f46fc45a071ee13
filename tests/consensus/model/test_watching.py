"""Watching one replica: one word per change of opinion, patience that grows, no word too many."""

import pytest

from consensus.engine import fingerprint
from consensus.errors import ModelError
from consensus.model.watching import Watching, compute_silence_ms_max, make_watching


def watching(replica: int | None = 1, silence_ms: int = 100) -> Watching:
    record = make_watching(silence_ms)
    record.turn_to(replica, 1_000)
    return record


def test_a_silence_is_told_once_and_its_end_once() -> None:
    record = watching()
    assert record.find_due_ms() == 1_101
    assert not record.look(1_100)
    assert record.look(1_101)
    assert record.find_due_ms() is None
    assert not record.look(9_000)
    assert record.heard(1, 9_001)
    assert not record.heard(1, 9_002)
    assert record.find_due_ms() == 9_002 + 200 + 1


def test_whoever_speaks_is_never_suspected() -> None:
    record = watching()
    for now_ms in range(1_000, 5_000, 100):
        assert not record.look(now_ms)
        assert not record.heard(1, now_ms)
    assert record.find_due_ms() == 4_900 + 101


def test_others_do_not_count() -> None:
    record = watching()
    assert not record.heard(2, 1_100)
    assert record.look(1_101)
    assert not record.heard(2, 1_102)
    assert record.is_suspected


def test_nobody_is_watched() -> None:
    record = watching(None)
    assert record.find_due_ms() is None
    assert not record.look(10**6)
    assert not record.suspect()
    assert not record.trust(10**6)
    record.excuse(50)
    assert not record.heard(1, 10**6)


def test_a_new_choice_counts_as_heard_now_and_makes_older_words_void() -> None:
    record = watching()
    assert record.look(2_000)
    before = record.number
    record.turn_to(1, 2_000)
    assert (record.number, record.is_suspected) == (before + 1, False)
    assert record.find_due_ms() == 2_101
    record.turn_to(2, 2_050)
    assert not record.heard(1, 2_060)
    assert record.find_due_ms() == 2_151


def test_each_mistake_adds_patience_up_to_a_cap_that_outlives_the_choice() -> None:
    record, now_ms, patience = watching(), 1_000, []
    for _ in range(6):
        due_ms = record.find_due_ms()
        assert due_ms is not None
        patience.append(due_ms - now_ms - 1)
        now_ms = due_ms
        assert record.look(now_ms)
        assert record.heard(1, now_ms)
    assert patience == [100, 200, 300, 400, 400, 400]
    assert compute_silence_ms_max(100) == 400
    record.turn_to(2, now_ms)
    assert record.find_due_ms() == now_ms + 101
    record.turn_to(1, now_ms)
    assert record.find_due_ms() == now_ms + 401


def test_a_suspicion_for_another_reason_is_corrected_and_teaches_nothing() -> None:
    record = watching()
    assert record.suspect()
    assert not record.suspect()
    assert record.find_due_ms() is None
    assert record.heard(1, 1_050)
    assert record.find_due_ms() == 1_151
    assert record.suspect()
    assert record.trust(5_000)
    assert record.find_due_ms() == 5_101


def test_a_message_that_comes_before_the_look_is_no_mistake() -> None:
    record = watching()
    assert not record.heard(1, 1_500)
    assert record.find_due_ms() == 1_601


def test_what_the_host_slept_through_is_no_silence() -> None:
    record = watching()
    record.excuse(700)
    assert not record.look(1_800)
    assert record.look(1_801)


def test_it_is_a_record_of_plain_values() -> None:
    assert fingerprint(watching()) == fingerprint(watching())
    assert fingerprint(watching()) != fingerprint(watching(2))


@pytest.mark.parametrize("silence_ms", [0, -5])
def test_a_silence_lasts_a_millisecond_at_least(silence_ms: int) -> None:
    with pytest.raises(ModelError):
        make_watching(silence_ms)
