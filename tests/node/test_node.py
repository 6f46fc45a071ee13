"""The node: refuses what it cannot start from, fails loudly, and leaves nothing behind."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consensus.errors import BoundError, ParameterError, UnknownEngineError
from ledger.chain import Chain
from ledger.codec import encode
from ledger.errors import GenesisError, LedgerError, StoreError
from ledger.genesis import Genesis
from ledger.opening import Format
from ledger.reasons import Reason
from ledger.store.leveldb import LevelStore
from ledger.store.schema import FORMAT_KEY, FORMAT_NAME, FORMAT_VERSION, META_KEY
from ledger.store.store import Batch
from node.api.backend import NodeState, Outcome, TransactionStatus
from node.client import Client
from node.config import ConfigError
from node.errors import NodeError
from node.identity import Identity, save_identity
from node.journal import Journal, JournalError
from node.node import Node
from node.secret_files import SecretFileError
from tests.node.conftest import MakeCluster
from tests.node.support import Cluster, until


@pytest.fixture
async def cluster(make_cluster: MakeCluster) -> Cluster:
    """One validator alone, not started."""
    return make_cluster(1)


def home_of(cluster: Cluster) -> Path:
    return cluster.homes[0]


def assert_unlocked(cluster: Cluster) -> None:
    """Nobody holds the database or the ports."""
    LevelStore(home_of(cluster) / "data" / "db").close()
    config = cluster.make(0)._config
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((config.p2p.host, config.p2p.port))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("verify")]


async def refuse(cluster: Cluster, kind: type[Exception], reason: str) -> Exception:
    """Starting raises this kind of error with this reason; returns it."""
    node = cluster.make(0)
    with pytest.raises(kind) as caught:
        await node.start()
    assert str(getattr(caught.value, "reason", None)) == reason
    await node.close()
    return caught.value


# Refusals


async def test_a_second_node_on_one_home_is_refused_and_the_first_goes_on(
    cluster: Cluster,
) -> None:
    await cluster.start()
    await refuse(cluster, StoreError, "store-locked")
    payments = cluster.pay(2)
    await cluster.submit(0, payments)
    await cluster.until_final(payments)


def remove_genesis(cluster: Cluster) -> None:
    (home_of(cluster) / "genesis.json").unlink()


def spoil_genesis(cluster: Cluster) -> None:
    (home_of(cluster) / "genesis.json").write_text('{"format": "quorate-genesis/1"}')


def put_foreign_genesis(cluster: Cluster) -> None:
    store = LevelStore(home_of(cluster) / "data" / "db")
    Chain.open(store, change_genesis(cluster, name="elsewhere"))
    store.close()


def change_genesis(cluster: Cluster, **fields: Any) -> Genesis:
    names = Genesis.__struct_fields__
    return Genesis(**{name: getattr(cluster.genesis, name) for name in names} | fields)


def write_genesis(**fields: Any) -> Callable[[Cluster], None]:
    def write(cluster: Cluster) -> None:
        genesis = change_genesis(cluster, **fields)
        (home_of(cluster) / "genesis.json").write_text(genesis.to_json())

    return write


def put_another_key(cluster: Cluster) -> None:
    path = home_of(cluster) / "node_key.json"
    path.unlink()
    save_identity(path, Identity.generate())


def show_key_to_others(cluster: Cluster) -> None:
    (home_of(cluster) / "node_key.json").chmod(0o644)


def remove_key(cluster: Cluster) -> None:
    (home_of(cluster) / "node_key.json").unlink()


def spoil_journal(cluster: Cluster) -> None:
    (home_of(cluster) / "data" / "journal").write_bytes(b"not a journal at all")


def put_foreign_records(cluster: Cluster) -> None:
    journal = Journal.open(home_of(cluster) / "data" / "journal")
    journal.append(b"a record of some other engine")
    journal.sync()
    journal.close()


def write_store(key: bytes, value: bytes) -> Callable[[Cluster], None]:
    def write(cluster: Cluster) -> None:
        store = LevelStore(home_of(cluster) / "data" / "db")
        Chain.open(store, cluster.genesis)
        batch = Batch()
        batch.put(key, value)
        store.write(batch, sync=True)
        store.close()

    return write


def spoil_database(cluster: Cluster) -> None:
    write_store(b"x", b"y")(cluster)
    for path in (home_of(cluster) / "data" / "db").glob("*.log"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)


def spoil_certificate(cluster: Cluster) -> None:
    (home_of(cluster) / "node_cert.pem").write_text("no certificate")


@pytest.mark.parametrize(
    ("spoil", "kind", "reason"),
    [
        (remove_genesis, ConfigError, "genesis-missing"),
        (spoil_genesis, GenesisError, "genesis-malformed"),
        (put_foreign_genesis, GenesisError, "genesis-foreign"),
        (write_genesis(engine="raft"), UnknownEngineError, "unknown-engine"),
        (write_genesis(engine="pow"), ParameterError, "bad-engine-parameter"),
        (write_genesis(engine_parameters={"speed": 9}), ParameterError, "bad-engine-parameter"),
        (put_another_key, ConfigError, "not-a-validator"),
        (show_key_to_others, SecretFileError, "key-file-exposed"),
        (remove_key, SecretFileError, "key-file-missing"),
        (spoil_journal, JournalError, "journal-corrupt"),
        (put_foreign_records, JournalError, "journal-corrupt"),
        (
            write_store(FORMAT_KEY, encode(Format(FORMAT_NAME, FORMAT_VERSION + 1))),
            StoreError,
            "store-bad-format",
        ),
        (write_store(FORMAT_KEY, b"\xff"), StoreError, "store-corrupt"),
        (write_store(META_KEY, b""), StoreError, "store-corrupt"),
        (spoil_database, StoreError, "store-corrupt"),
        (spoil_certificate, NodeError, "certificate-malformed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_it_cannot_start_from_is_refused_and_closed_again(
    cluster: Cluster, spoil: Callable[[Cluster], None], kind: type[Exception], reason: str
) -> None:
    spoil(cluster)
    error = await refuse(cluster, kind, reason)
    assert str(error)
    if spoil is not spoil_database:
        assert_unlocked(cluster)


async def test_a_committee_outside_the_bound_is_refused_unless_it_is_a_demonstration(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster(3)
    write_genesis(faults=1)(cluster)
    error = await refuse(cluster, BoundError, "outside-bound")
    assert "Dwork" in str(error)
    cluster.flags["allow_beyond_bound"] = True
    await cluster.start(0)


@pytest.mark.parametrize("which", ["p2p", "api"])
async def test_a_taken_port_is_refused_and_everything_closed_again(
    cluster: Cluster, which: str
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        node = cluster.make(0, **{f"{which}__port": port})
        with pytest.raises(NodeError) as caught:
            await node.start()
    assert caught.value.reason.endswith("address-unavailable") or "listen" in caught.value.reason
    assert_unlocked(cluster)
    await cluster.start()


async def test_closing_what_never_started_is_harmless(cluster: Cluster) -> None:
    await cluster.make(0).close()


async def test_a_torn_journal_tail_is_cut_off(cluster: Cluster) -> None:
    await cluster.start()
    payments = cluster.pay(2)
    await cluster.submit(0, payments)
    await cluster.until_final(payments)
    await cluster.stop(0)
    with (home_of(cluster) / "data" / "journal").open("ab") as journal:
        journal.write(b"\x10\x00")
    await cluster.start()
    more = cluster.pay(2)
    await cluster.submit(0, more)
    await cluster.until_final([*payments, *more])


async def test_a_torn_database_log_goes_back_one_batch(cluster: Cluster) -> None:
    await cluster.start()
    payments = cluster.pay(3)
    await cluster.submit(0, payments)
    await cluster.until_final(payments)
    await cluster.stop(0)
    (log,) = (home_of(cluster) / "data" / "db").glob("*.log")
    log.write_bytes(log.read_bytes()[:-3])
    await cluster.start()
    more = cluster.pay(1)
    await cluster.submit(0, more)
    await cluster.until_final([*payments, *more])
    cluster.assert_agreement()


# Failures


def break_disk(node: Node) -> StoreError:
    """From now on the database fails every write."""
    error = StoreError(Reason.STORE_IO, "no space left on device")

    def fail(batch: Batch, *, sync: bool = False) -> None:
        raise error

    node.core.store._store.write = fail  # type: ignore[attr-defined]
    return error


async def test_a_full_disk_fails_the_node_and_answers_nobody(cluster: Cluster) -> None:
    await cluster.start()
    node = cluster.nodes[0]
    error = break_disk(node)
    with pytest.raises(StoreError):
        await asyncio.wait_for(node.service.submit([cluster.pay(1)[0].raw]), 10)
    assert await asyncio.wait_for(node.failed(), 10) is error
    await asyncio.wait_for(cluster.stop(0), 10)
    assert_unlocked(cluster)


async def test_a_disk_that_fails_in_the_middle_of_a_block_fails_the_node_and_loses_nothing(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cluster.start()
    node = cluster.nodes[0]
    execute = node.core.decisions.execute
    errors: list[StoreError] = []

    def execute_on_a_full_disk(*args: Any) -> Any:
        errors.append(break_disk(node))
        return execute(*args)

    monkeypatch.setattr(node.core.chain, "execute", execute_on_a_full_disk)
    payments = cluster.pay(3)
    await cluster.submit(0, payments)
    assert await asyncio.wait_for(node.failed(), 10) is errors[0]
    assert node.core.chain.height == 0
    await cluster.stop(0)
    await cluster.start()
    await cluster.until_final(payments)
    cluster.assert_agreement()


async def test_a_database_that_cannot_be_read_fails_the_node(cluster: Cluster) -> None:
    await cluster.start()
    node = cluster.nodes[0]
    node.core.store._store.close()  # type: ignore[attr-defined]
    with pytest.raises(LedgerError):
        node.service.transaction(bytes(32))
    failed = await asyncio.wait_for(node.failed(), 10)
    assert isinstance(failed, StoreError)
    assert failed.reason is Reason.STORE_CLOSED


async def test_a_journal_that_cannot_be_synced_fails_the_node(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cluster.start()
    node = cluster.nodes[0]
    error = OSError("no space left on device")

    def fail(taken: tuple[bool, list[bytes]]) -> None:
        raise error

    monkeypatch.setattr(node.journal, "write", fail)
    await cluster.submit(0, cluster.pay(1))
    assert await asyncio.wait_for(node.failed(), 10) is error
    assert node.core.chain.height == 0


async def test_an_error_while_verifying_fails_the_node_and_hangs_nobody(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cluster.start()
    node = cluster.nodes[0]

    def fail(signed: object) -> list[bool]:
        raise MemoryError("no memory")

    monkeypatch.setattr("node.verifier.verify_many", fail)
    with pytest.raises(MemoryError):
        await asyncio.wait_for(node.service.submit([cluster.pay(1)[0].raw]), 10)
    assert isinstance(await asyncio.wait_for(node.failed(), 10), MemoryError)


async def test_an_error_in_a_task_of_its_own_fails_the_node(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cluster.start()
    node = cluster.nodes[0]

    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(node.service, "refresh", fail)
    assert isinstance(await asyncio.wait_for(node.failed(), 10), ZeroDivisionError)


async def test_only_the_first_failure_is_told(cluster: Cluster) -> None:
    await cluster.start()
    node = cluster.nodes[0]
    first, second = ValueError("first"), ValueError("second")
    node._fail(first)
    node._fail(second)
    assert await asyncio.wait_for(node.failed(), 5) is first


# Closing


async def test_closing_under_load_leaves_nothing_behind(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    sent = [
        asyncio.create_task(cluster.nodes[index].service.submit([p.raw for p in payments]))
        for index, payments in enumerate(cluster.pay(200) for _ in range(4))
    ]
    await until(lambda: any(node.core.mempool.count for node in cluster.running))
    await asyncio.gather(*(cluster.stop(index) for index in range(4)))
    _, pending = await asyncio.wait(sent, timeout=10)
    assert not pending


async def test_closing_ends_those_who_wait_over_http(cluster: Cluster) -> None:
    await cluster.start()
    node = cluster.nodes[0]
    gap = cluster.build(5)
    async with Client(f"http://127.0.0.1:{node.api_port}") as client:
        waiting = asyncio.create_task(client.submit(gap.raw, wait_s=20))
        await until(lambda: node.lifecycle._waiters)
        started = time.monotonic()
        await asyncio.wait_for(cluster.stop(0), 10)
        assert time.monotonic() - started < 4, "nobody is waited for"
        answer = await asyncio.wait_for(waiting, 5)
    assert answer.status is TransactionStatus.PENDING


async def test_a_closing_node_stays_closing_and_takes_nothing(cluster: Cluster) -> None:
    await cluster.start()
    node = cluster.nodes[0]
    node._stop_serving()
    node._refresh()
    assert node.service.state is NodeState.STOPPING
    (answer,) = await node.service.submit([cluster.pay(1)[0].raw])
    assert (answer.outcome, answer.reason) == (Outcome.REJECTED, "node-stopping")


async def test_closing_twice_is_closing_once(cluster: Cluster) -> None:
    await cluster.start()
    node = cluster.nodes[0]
    await asyncio.gather(node.close(), node.close())
    await node.close()
    assert_unlocked(cluster)


async def test_nobody_hears_of_errors_once_it_is_closed(cluster: Cluster) -> None:
    await cluster.start()
    node = cluster.nodes.pop(0)
    await node.close()
    with pytest.raises(StoreError):
        node.core.store.get(b"key")
    await asyncio.sleep(0)
    assert node._failure is not None
    assert not node._failure.done()
