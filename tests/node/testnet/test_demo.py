import asyncio

import pytest

from ledger.keys import KeyPair
from ledger.transaction import decode_transaction
from node.load import lane as lane_module
from node.load.parcel import Fate
from node.testnet import demo as demo_module
from node.testnet.demo import Account, DemoLoad, Purse, Schedule, start_demo
from node.testnet.verdict import judge_agreement, reach_verdict
from tests.node.fake_network import CHAIN_ID, FakeClient, FakeNetwork, unreachable

KEYS = [KeyPair(bytes([number]) * 32) for number in range(1, 7)]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_module, "POLL_S", 0.002)
    monkeypatch.setattr(demo_module, "UNANSWERED_MAX_S", 0.2)
    monkeypatch.setattr(lane_module, "TICK_S", 0.002)


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork({key.public_key: 1_000 for key in KEYS})


@pytest.fixture
def clients(network: FakeNetwork) -> list[FakeClient]:
    return [FakeClient(network) for _ in range(3)]


def make_purse(schedule: Schedule, first: int = 0) -> Purse:
    return Purse([Account(key, 0) for key in KEYS[:2]], CHAIN_ID, 99, schedule, first)


def test_payments_fall_due_one_after_the_other_shared_between_lanes() -> None:
    schedule = Schedule(rate=10, stride=2, started_at=100.0)
    even, odd = make_purse(schedule, 0), make_purse(schedule, 1)
    assert [parcel.intended_at for parcel in even.make(100.45, 99)] == [100.0, 100.2, 100.4]
    assert [parcel.intended_at for parcel in odd.make(100.45, 99)] == [100.1, 100.3]
    assert even.make(100.45, 99) == []
    assert len(even.make(1_000.0, 5)) == 5


def test_accounts_take_turns_and_nonces_follow() -> None:
    parcels = make_purse(Schedule(10, 1, 0.0)).make(0.35, 99)
    payments = [decode_transaction(parcel.raw).transaction for parcel in parcels]
    assert [payment.nonce for payment in payments] == [0, 0, 1, 1]
    assert len({payment.sender for payment in payments}) == 2


def test_an_account_whose_payment_was_refused_is_retired() -> None:
    purse = make_purse(Schedule(10, 1, 0.0))
    first, second = purse.make(0.15, 99)
    first.settle(Fate.REFUSED, 0.2, "tx-stale-nonce")
    senders = {decode_transaction(parcel.raw).transaction.sender for parcel in purse.make(0.55, 99)}
    assert senders == {decode_transaction(second.raw).transaction.sender}
    second.settle(Fate.DROPPED, 0.2, "mempool-evicted")


def test_nothing_is_due_after_the_stop() -> None:
    schedule = Schedule(10, 1, 0.0)
    purse = make_purse(schedule)
    schedule.stopped_at = 0.25
    assert len(purse.make(100.0, 99)) == 3


async def run_for(load: DemoLoad, payments: int) -> None:
    while load.tracker.final < payments:
        load.check()
        await asyncio.sleep(0.002)


async def accept(load: DemoLoad, payments: int) -> None:
    while len(load.tracker.waiting) < payments:
        load.check()
        await asyncio.sleep(0.002)


async def test_a_load_ends_with_everything_final(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    load = await start_demo(clients, KEYS, 2_000)
    await run_for(load, 50)
    assert await load.finish(5) == (0, 0)
    assert load.tracker.final == load.tracker.accepted == sum(network.nonces.values())
    assert load.seconds > 0


async def test_a_second_load_goes_on_with_the_nonces(clients: list[FakeClient]) -> None:
    for _ in range(2):
        load = await start_demo(clients, KEYS, 2_000)
        await run_for(load, 10)
        assert await load.finish(5) == (0, 0)
        assert not load.tracker.refused


async def test_the_verdict_counts_what_was_accepted(clients: list[FakeClient]) -> None:
    load = await start_demo(clients, KEYS, 2_000)
    await run_for(load, 20)
    verdict = await reach_verdict("pbft", clients, load, 5, seconds=1.0)
    assert verdict.is_good
    assert verdict.submitted == verdict.final >= 20
    assert (verdict.failed, verdict.dropped, verdict.lost) == (0, 0, 0)
    assert verdict.latency_ms["p50"] is not None


async def test_what_no_node_knows_any_more_is_lost(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    network.is_slow = True
    load = await start_demo(clients, KEYS, 2_000)
    await accept(load, 5)
    network.pending.clear()
    network.take = lambda raw: FakeNetwork.take(FakeNetwork({}), raw)  # type: ignore[method-assign]
    verdict = await reach_verdict("pbft", clients, load, 0.1, seconds=1.0)
    assert verdict.lost == verdict.submitted >= 5
    assert not verdict.is_good


async def test_what_is_still_pending_is_not_lost(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    network.is_slow = True
    load = await start_demo(clients, KEYS, 2_000)
    await accept(load, 5)
    verdict = await reach_verdict("pbft", clients, load, 0.1, seconds=1.0)
    assert (verdict.lost, verdict.final) == (0, 0)
    assert verdict.submitted >= 5


async def test_nodes_agree_only_if_all_answer_with_the_same_block(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    network.seal()
    agreement = await judge_agreement(clients, 0.0)
    assert (agreement.agree, agreement.height) == (True, 1)
    clients[1].faults = [unreachable()]
    assert not (await judge_agreement(clients, 0.0)).agree
    ahead = FakeNetwork({})
    for _ in range(5):
        ahead.seal()
    split = await judge_agreement([*clients, FakeClient(ahead)], 0.0)
    assert (split.agree, split.height) == (False, 1)


async def test_a_failure_within_the_load_comes_out(clients: list[FakeClient]) -> None:
    load = await start_demo(clients, KEYS, 2_000)

    def fail(raw: bytes) -> None:
        raise ZeroDivisionError

    clients[0].network.take = fail  # type: ignore[assignment, method-assign]
    with pytest.raises(ZeroDivisionError):
        await run_for(load, 10**6)
    with pytest.raises(ZeroDivisionError):
        await load.close()
