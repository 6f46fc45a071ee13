"""The coin service: who hears what when, lost frames, restarts, liars."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from ledger.coin.log import encode_tag, load
from ledger.coin.shares import combine, make_share
from ledger.errors import StoreError
from node.coins import service
from node.coins.book import HEIGHTS_AHEAD, HEIGHTS_KEPT
from node.wire import CoinShare, encode_frame
from tests.ledger.coin.support import keys, secrets
from tests.node.coins.bench import GENESIS, KEYS, TAG, Bench
from tests.node.parts import BrittleStore
from tests.node.support import until

STRANGER = bytes(32)


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(service, "REPEAT_FIRST_S", 0.05)
    monkeypatch.setattr(service, "SAID_S", 0.025)
    bench = Bench(tmp_path)
    yield bench
    await bench.close()


def make_frame(me: int, tag: tuple[int, ...] = TAG, *, is_wanted: bool = False) -> CoinShare:
    """What an honest member would say."""
    share = make_share(secrets()[me], GENESIS.chain_id + encode_tag(tag))
    return CoinShare(tag, share.point, share.proof, is_wanted)


def compute_face(tag: tuple[int, ...]) -> int:
    """What a coin shows, by all secrets at once."""
    name = GENESIS.chain_id + encode_tag(tag)
    return combine(keys(), name, [make_share(secret, name) for secret in secrets()])


async def test_all_who_ask_see_the_face_that_the_dealer_dealt(bench: Bench) -> None:
    bench.start(0, 1, 2, 3)
    for tag in [(1, 0), (1, 1), (2,), (1, 2, 3, 4, 5, 6, 7, 8)]:
        bench.toss(0, 1, 2, 3, tag=tag)
        assert await bench.until_told(0, 1, 2, 3, tag=tag) == compute_face(tag)
    assert [len(told) for told in bench.faces.values()] == [4] * 4


async def test_a_coin_is_hidden_until_more_have_asked_than_may_fail(bench: Bench) -> None:
    bench.start(0, 1, 2, 3)
    bench.toss(0)
    await until(lambda: len(bench.said) >= 6)  # what it said, and once again
    assert not any(bench.faces.values())
    assert {to for sender, to, _ in bench.said} == {1, 2, 3}
    assert {sender for sender, _, _ in bench.said} == {0}
    bench.toss(2)
    await bench.until_told(0, 2)
    assert bench.faces[1] == bench.faces[3] == []


async def test_asking_again_is_harmless_before_and_after(bench: Bench) -> None:
    bench.start(0, 1)
    bench.toss(0, 0)
    bench.toss(1)
    await bench.until_told(0, 1)
    assert len(bench.faces[0]) == 1
    bench.toss(0)
    assert bench.faces[0] == bench.faces[0][:1] * 2


async def test_who_comes_late_finds_what_was_said_before(bench: Bench) -> None:
    bench.start(0, 1)
    bench.toss(0)
    await until(lambda: bench.count(1, "taken") >= 1)
    bench.toss(1)
    await bench.until_told(0, 1)


async def test_lost_frames_do_not_stall_a_coin(bench: Bench) -> None:
    """Every third frame gets through."""
    bench.is_lost = lambda _sender, _to, _frame: len(bench.said) % 3 != 0
    bench.start(0, 1, 2, 3)
    bench.toss(0, 1, 2, 3)
    await bench.until_told(0, 1, 2, 3)


async def test_one_who_missed_all_asks_those_who_have_seen_it(bench: Bench) -> None:
    bench.is_lost = lambda _sender, to, _frame: to == 3
    bench.start(0, 1, 2, 3)
    bench.toss(0, 1, 2)
    await bench.until_told(0, 1, 2)
    bench.toss(3)
    bench.is_lost = lambda _sender, _to, _frame: False
    await bench.until_told(3)
    wanted = {to for sender, to, frame in bench.said if sender == 3 and frame.is_wanted}
    assert wanted == {0, 1, 2}


async def test_what_was_said_just_now_is_not_said_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SAID_S", 60.0)
    bench.start(0, 1)
    bench.toss(0, 1)
    await bench.until_told(0, 1)
    before = len(bench.said)
    bench.services[0].on_share(KEYS[1], make_frame(1, is_wanted=True))
    assert len(bench.said) == before
    bench.services[0].book.find(TAG).said_at.clear()  # type: ignore[union-attr]
    bench.services[0].on_share(KEYS[1], make_frame(1, is_wanted=True))
    bench.services[0].on_share(KEYS[1], make_frame(1, is_wanted=True))
    assert len(bench.said) == before + 1


async def test_a_share_is_no_question(bench: Bench) -> None:
    """So answers do not answer each other."""
    bench.start(0, 1, 2, 3)
    bench.toss(0, 1, 2, 3)
    await bench.until_told(0, 1, 2, 3)
    for served in bench.services.values():
        for coin in served.book:
            coin.said_at.clear()
    before = len(bench.said)
    for me, served in bench.services.items():
        for to in {0, 1, 2, 3} - {me}:
            served.on_share(KEYS[to], make_frame(to))
    assert len(bench.said) == before


async def test_who_has_enough_shares_asks_nobody(bench: Bench) -> None:
    bench.start(0)
    bench.services[0].on_share(KEYS[1], make_frame(1))
    bench.toss(0)
    await bench.until_told(0)
    assert [frame.is_wanted for _, _, frame in bench.said] == [False] * 3


# Restarts


async def test_the_same_face_after_a_restart_and_shares_for_those_behind(bench: Bench) -> None:
    bench.start(0, 1)
    bench.toss(0, 1)
    face = await bench.until_told(0, 1)
    for served in bench.services.values():
        served.write()
    await bench.stop(0, 1)
    bench.start(0, 1, 2)
    assert load(bench.stores[0]) == {TAG: face}
    bench.toss(0)
    assert [answer.face for answer in bench.faces[0]] == [face]
    assert bench.services[0].book.open == []
    bench.toss(2)  # nobody else tosses this coin again: those who saw it give their shares
    assert await bench.until_told(2) == face


async def test_a_coin_that_was_not_noted_is_tossed_again(bench: Bench) -> None:
    bench.start(0, 1)
    bench.toss(0, 1)
    face = await bench.until_told(0, 1)
    await bench.stop(0)
    bench.start(0)
    bench.toss(0)
    assert await bench.until_told(0) == face


async def test_a_face_is_durable_before_what_follows_from_it(bench: Bench) -> None:
    bench.stores[0] = store = BrittleStore()
    bench.start(0, 1)
    bench.toss(0, 1)
    await bench.until_told(0, 1)
    before = store.synced_writes
    store.is_broken = True
    with pytest.raises(StoreError):
        bench.services[0].write()
    store.is_broken = False
    bench.services[0].write()
    bench.services[0].write()
    assert store.synced_writes == before + 1
    assert list(load(store)) == [TAG]


# Heights


async def test_a_decided_height_needs_no_coin(bench: Bench) -> None:
    bench.start(0)
    bench.toss(0)
    await until(lambda: bench.said)
    bench.grow(0, TAG[0])
    await until(lambda: not bench.services[0]._tasks)
    assert bench.faces[0] == []


async def test_what_is_long_decided_is_forgotten(bench: Bench) -> None:
    bench.start(0, 1)
    bench.toss(0, 1)
    await bench.until_told(0, 1)
    bench.services[0].write()
    bench.grow(0, TAG[0] + HEIGHTS_KEPT)
    bench.services[0].on_share(KEYS[2], make_frame(2, (1, 7), is_wanted=True))
    assert bench.count(0, "coin-stale") == 1
    later = (TAG[0] + HEIGHTS_KEPT + 1,)
    bench.toss(0, 1, tag=later)
    assert load(bench.stores[0]) == {}
    assert bench.services[0].book.find(TAG) is None
    await bench.until_told(0, 1, tag=later)


async def test_who_is_far_ahead_is_heard_again_when_it_matters(bench: Bench) -> None:
    tag = (HEIGHTS_AHEAD + 1,)
    bench.start(0, 1)
    bench.toss(1, tag=tag)
    await until(lambda: bench.count(0, "coin-early"))
    assert bench.lines[0].penalties == []
    bench.grow(0, 1)
    bench.toss(0, tag=tag)
    await bench.until_told(0, 1, tag=tag)


# Liars


async def test_a_bad_share_is_named_and_another_one_does(bench: Bench) -> None:
    bench.start(0, 1, 2)
    bad = replace(make_frame(3), proof=make_frame(3, (9,)).proof)
    bench.services[0].on_share(KEYS[3], bad)
    assert bench.lines[0].penalties == []  # nobody looks before it matters
    bench.toss(0)
    await until(lambda: bench.lines[0].penalties)
    assert bench.lines[0].penalties == [(3, "coin-bad-proof")]
    assert bench.count(0, "coin-bad-proof") == 1
    bench.toss(1)
    assert await bench.until_told(0, 1) == compute_face(TAG)


async def test_a_liar_may_still_give_its_share(bench: Bench) -> None:
    bench.start(0)
    bench.toss(0)
    for point in (bytes(32), make_frame(2).point):
        bench.services[0].on_share(KEYS[3], replace(make_frame(3), point=point))
        await until(lambda: not bench.services[0].book.find(TAG).waiting)  # type: ignore[union-attr]
    await until(lambda: len(bench.lines[0].penalties) == 2)
    assert [reason for _, reason in bench.lines[0].penalties] == [
        "coin-bad-point",
        "coin-bad-proof",
    ]
    bench.services[0].on_share(KEYS[3], make_frame(3))
    assert await bench.until_told(0) == compute_face(TAG)


async def test_another_members_share_is_not_the_senders(bench: Bench) -> None:
    bench.start(0)
    bench.toss(0)
    bench.services[0].on_share(KEYS[3], make_frame(2))
    await until(lambda: bench.lines[0].penalties)
    assert bench.lines[0].penalties == [(3, "coin-bad-proof")]


async def test_strangers_are_not_heard(bench: Bench) -> None:
    bench.start(0)
    bench.toss(0)
    await until(lambda: bench.said)
    bench.services[0].on_share(STRANGER, make_frame(3, is_wanted=True))
    assert bench.lines[0].penalties == [(-1, "coin-not-a-member")]
    assert bench.faces[0] == []


async def test_who_says_too_much_that_nobody_asked_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.coins.book.UNASKED_MAX", 3)
    bench.start(0)
    for number in range(5):
        bench.services[0].on_share(KEYS[3], make_frame(3, (1, number)))
    assert bench.lines[0].penalties == [(3, "coin-too-many")] * 2
    assert bench.count(0, "taken") == 3
    assert len(list(bench.services[0].book)) == 3


async def test_a_question_about_a_coin_that_nobody_here_asked_for(bench: Bench) -> None:
    bench.start(0)
    bench.services[0].on_share(KEYS[3], make_frame(3, is_wanted=True))
    assert bench.said == []


# Frames


def test_the_largest_share_fits_its_frame() -> None:
    largest = replace(make_frame(0), tag=(2**64 - 1,) * 8)
    assert len(encode_frame(largest)) <= 190


async def test_closing_ends_what_is_open(bench: Bench) -> None:
    bench.start(0)
    bench.toss(0)
    assert [coin.tag for coin in bench.services[0].book.open] == [TAG]
    await bench.stop(0)
    assert bench.faces[0] == []
