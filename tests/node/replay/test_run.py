"""A whole replay against a network in memory, interrupted in every way and started again."""

import io
from collections import Counter

import pytest
from rich.console import Console

from ledger.keys import KeyPair
from node.load import lane as lane_module
from node.load import stream as stream_module
from node.replay.account import Account
from node.replay.errors import ReplayError
from node.replay.progress import Bar
from node.replay.rows import Row
from node.replay.run import Order, Replay, derive_seed
from tests.node.fake_network import FakeClient, FakeNetwork, unreachable

FAUCET = KeyPair(b"f" * 32)
SEED = derive_seed("test", None)
SUPPLY = 1_000_000
ROWS = [
    Row(number + 2, f"m{number * 7 % 5}", f"m{number * 3 % 8}", 1 + number % 10)
    for number in range(60)
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "POLL_S", 0.001)
    monkeypatch.setattr(lane_module, "TICK_S", 0.001)


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork({FAUCET.public_key: SUPPLY})


@pytest.fixture
def clients(network: FakeNetwork) -> list[FakeClient]:
    return [FakeClient(network) for _ in range(3)]


def make_replay(
    clients: list[FakeClient], rows: list[Row] = ROWS, faucet: KeyPair | None = FAUCET, fee: int = 0
) -> Replay:
    bar = Bar(Console(file=io.StringIO()))
    return Replay(Order(rows, SEED, faucet, 1e6, fee), clients, bar)


def expected_balances(rows: list[Row] = ROWS) -> dict[str, int]:
    """Everybody was given what they pay, so they hold what they were paid."""
    held: Counter[str] = Counter()
    for row in rows:
        held[row.recipient] += row.amount
        held[row.sender] += 0
    return dict(held)


def read_balances(replay: Replay, network: FakeNetwork) -> dict[str, int]:
    return {
        name: network.balances.get(replay.book.key_of(name).public_key, 0)
        for name in replay.book.addresses()
    }


def check_sum(account: Account) -> None:
    """The account says where every row is."""
    here = account.before + account.sent + sum(account.withheld.values()) + account.unsent
    assert here == account.rows
    settled = account.final + sum(
        sum(part.values()) for part in (account.failed, account.dropped, account.refused)
    )
    assert account.sent == settled + account.pending + account.lost + account.unanswered


async def test_every_balance_is_exact(network: FakeNetwork, clients: list[FakeClient]) -> None:
    replay = make_replay(clients)
    account = await replay.run()
    check_sum(account)
    assert account.is_complete
    assert (account.final, account.funded_senders) == (60, 5)
    assert account.funded_amount == sum(row.amount for row in ROWS)
    assert read_balances(replay, network) == expected_balances()
    assert sum(network.balances.values()) == SUPPLY


async def test_with_fees_the_senders_are_funded_for_them_too(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    replay = make_replay(clients, fee=3)
    assert (await replay.run()).is_complete
    assert read_balances(replay, network) == expected_balances()


async def test_a_second_run_finds_nothing_to_do(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    await make_replay(clients).run()
    blocks = network.height
    account = await make_replay(clients, faucet=None).run()
    check_sum(account)
    assert (account.before, account.sent, account.is_complete) == (60, 0, True)
    assert network.height == blocks


async def test_a_second_run_goes_on_where_the_first_was_stopped(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    first = make_replay(clients)
    original = first._plan

    def stop_after_planning(*details: object):  # type: ignore[no-untyped-def]
        sources = original(*details)  # type: ignore[arg-type]
        for source in sources:
            while source.left > 10:
                source._due.pop()
        return sources

    first._plan = stop_after_planning  # type: ignore[assignment, method-assign]
    done = (await first.run()).final
    assert 0 < done < 60
    second = make_replay(clients)
    account = await second.run()
    check_sum(account)
    assert (account.before, account.final, account.funded_senders) == (done, 60 - done, 0)
    assert read_balances(second, network) == expected_balances()


async def test_a_run_stopped_before_its_payments_has_funded_nobody_twice(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    first = make_replay(clients)
    first.stop()
    account = await first.run()
    assert (account.sent, account.unsent) == (0, 60)
    second = make_replay(clients)
    assert (await second.run()).is_complete
    assert read_balances(second, network) == expected_balances()
    assert sum(network.balances.values()) == SUPPLY


async def test_lost_answers_dead_nodes_and_full_mempools_change_nothing(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    replay = make_replay(clients)
    clients[1].full = 5
    clients[2].full = 3
    original = clients[0].submit_batch
    calls = 0

    async def unreliable(raws):  # type: ignore[no-untyped-def]
        nonlocal calls
        calls += 1
        if calls == 3:
            clients[0].faults = ["swallowed"]
        if calls == 4:
            clients[0].faults = [unreachable()]
        return await original(raws)

    clients[0].submit_batch = unreliable  # type: ignore[method-assign]
    account = await replay.run()
    check_sum(account)
    assert account.is_complete
    assert account.resent > 0
    assert read_balances(replay, network) == expected_balances()


async def test_a_refused_payment_withholds_what_follows_it(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    replay = make_replay(clients, rows=[Row(2, "a", "b", 5)] * 2 + [Row(4, "b", "a", 1)])
    sender = replay.book.key_of("a").public_key
    original = network.take

    def refuse_the_sender(raw: bytes):  # type: ignore[no-untyped-def]
        line = original(raw)
        envelope = network.pending.get(bytes.fromhex(line.id or ""))
        if envelope is not None and envelope.transaction.sender == sender:
            del network.pending[envelope.id]
            network.nonces[sender] = 1
            return original(raw)
        return line

    network.take = refuse_the_sender  # type: ignore[method-assign]
    account = await replay.run()
    check_sum(account)
    assert not account.is_complete
    assert account.refused.get("tx-stale-nonce") == 1
    assert account.final >= 1


async def test_a_faucet_that_is_too_poor_or_missing_is_told_before_anything_is_sent(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    network.balances[FAUCET.public_key] = 3
    for faucet, reason in ((FAUCET, "faucet-too-poor"), (None, "no-faucet")):
        with pytest.raises(ReplayError) as failure:
            await make_replay(clients, faucet=faucet).run()
        assert failure.value.reason == reason
    assert network.height == 0


def test_the_seed_comes_from_the_text_or_else_from_the_faucet() -> None:
    assert derive_seed("x", b"1" * 32) == derive_seed("x", None)
    assert derive_seed(None, b"1" * 32) != derive_seed(None, b"2" * 32)
    with pytest.raises(ReplayError) as failure:
        derive_seed(None, None)
    assert failure.value.reason == "no-seed"
