"""The client's calls against a real API, and which of its errors are definite."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from aiohttp import web

from ledger.address import encode_address
from ledger.genesis import Genesis
from ledger.transaction import Record
from node.api.app import make_app
from node.api.backend import Freshness, Outcome, TransactionStatus
from node.api.server import ApiServer, open_server
from node.client import Client, ClientError, IndefiniteError, RefusedError, UnreachableError
from node.metrics import Metrics
from tests.node.api.ledger_backend import ALICE, CERTIFICATE, LedgerBackend

ADDRESS = encode_address(ALICE.public_key)
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def backend() -> LedgerBackend:
    return LedgerBackend()


@pytest.fixture
async def server(backend: LedgerBackend) -> AsyncIterator[ApiServer]:
    opened = await open_server(make_app(backend), "127.0.0.1", 0, backend.metrics)
    yield opened
    await opened.close()


@pytest.fixture
async def client(server: ApiServer) -> AsyncIterator[Client]:
    async with Client(server.url) as opened:
        yield opened


async def test_submit_and_follow(client: Client, backend: LedgerBackend) -> None:
    envelope = backend.pay(0)
    unknown = await client.transaction(envelope.id)
    assert (unknown.status, unknown.definite) == (TransactionStatus.UNKNOWN, False)
    answer = await client.submit(envelope.raw)
    assert (answer.outcome, answer.id) == (Outcome.ACCEPTED, envelope.id)
    assert not answer.definite
    again = await client.submit(envelope.raw)
    assert (again.outcome, again.status) == (Outcome.KNOWN, TransactionStatus.PENDING)
    backend.make_block(certify=True)
    view = await client.transaction(envelope.id, proof=True)
    assert (view.status, view.height, view.definite) == (TransactionStatus.FINAL, 1, True)
    assert view.raw == envelope.raw
    assert view.proof
    assert (await client.submit(envelope.raw)).definite


async def test_submit_and_wait(client: Client, backend: LedgerBackend) -> None:
    waiting = asyncio.create_task(client.submit(backend.pay(0).raw, wait_s=10))
    await backend.someone_waits.wait()
    backend.make_block()
    assert (await waiting).status is TransactionStatus.FINAL


async def test_waiting_that_runs_out_is_not_definite(
    client: Client, backend: LedgerBackend
) -> None:
    answer = await client.submit(backend.pay(0).raw, wait_s=0.05)
    assert (answer.status, answer.definite) == (TransactionStatus.PENDING, False)


async def test_submit_batch(client: Client, backend: LedgerBackend) -> None:
    good = backend.pay(0)
    results = await client.submit_batch([good.raw, good.raw, b"nonsense"])
    assert [one.outcome for one in results] == [
        Outcome.ACCEPTED,
        Outcome.KNOWN,
        Outcome.REJECTED,
    ]
    assert results[0].id == good.id.hex()
    assert results[2].reason == "tx-malformed"


async def test_reading(client: Client, backend: LedgerBackend) -> None:
    backend.make_block(backend.pay(0), backend.pay(1, payload=Record(b"k", b"v")), certify=True)
    backend.make_block(backend.pay(2))
    assert (await client.status()).head_height == 2
    page = await client.blocks(1, 10)
    assert [block.height for block in page.blocks] == [1, 2]
    assert page.next is None
    block = await client.block(1)
    assert (block.transaction_count, block.certificate) == (2, CERTIFICATE)
    assert (await client.block(block.id)) == block
    assert (await client.block("head")).height == 2
    outcomes = await client.outcomes(1)
    assert (outcomes.height, outcomes.id) == (1, block.id.hex())
    assert outcomes.transactions == [one.hex() for one in block.transactions]
    assert outcomes.failed == block.failed == {}
    first = await client.block_transactions(1, limit=1)
    second = await client.block_transactions(1, first.next, limit=1)
    assert [first.transactions[0].id, second.transactions[0].id] == block.transactions
    account = await client.account(ADDRESS, proof=True)
    assert (account.balance, account.nonce) == (1_000_000 - 2 * 10 - 3, 3)
    assert account.proof
    assert (await client.record(ADDRESS, b"k")).value == b"v"
    assert (await client.record(ADDRESS, b"other")).value is None
    assert Genesis.from_json(await client.genesis()).chain_id == backend.chain.chain_id
    assert (await client.validators()).validators[0].is_self
    assert (await client.peers()).peers[0].name == "node-1"
    assert (await client.mempool()).count == 0
    assert (await client.engine()).headline == "at rest"
    assert "quorate_submissions_total" in await client.metrics_text()


async def test_a_refusal_is_definite(client: Client, backend: LedgerBackend) -> None:
    with pytest.raises(RefusedError) as caught:
        await client.submit(backend.pay(0, amount=0).raw)
    error = caught.value
    assert (error.status, error.reason, error.definite) == (422, "tx-zero-amount", True)
    assert error.retry_after_s is None


async def test_a_full_mempool_says_when(client: Client, backend: LedgerBackend) -> None:
    for nonce in range(100):
        backend.mempool.add(backend.pay(nonce), 0)
    with pytest.raises(RefusedError) as caught:
        await client.submit(backend.pay(100).raw)
    error = caught.value
    assert (error.status, error.reason, error.retry_after_s) == (429, "mempool-full", 1)


async def test_a_node_that_takes_nothing_is_definite(
    client: Client, backend: LedgerBackend
) -> None:
    backend.is_stopping = True
    with pytest.raises(RefusedError) as caught:
        await client.submit(backend.pay(0).raw)
    assert (caught.value.status, caught.value.definite) == (503, True)


async def test_a_fault_inside_the_node_is_indefinite(
    client: Client, backend: LedgerBackend
) -> None:
    backend.failure = RuntimeError("bug")
    with pytest.raises(IndefiniteError):
        await client.submit(backend.pay(0).raw)
    with pytest.raises(IndefiniteError):
        await client.submit_batch([backend.pay(0).raw])


async def test_nobody_listens(unused_tcp_port: int) -> None:
    async with Client(f"http://127.0.0.1:{unused_tcp_port}") as client:
        with pytest.raises(UnreachableError) as caught:
            await client.submit(b"x")
    assert caught.value.definite


@pytest.fixture
async def serving() -> AsyncIterator[Callable[[Handler], Awaitable[str]]]:
    """Serve one handler at every path; gives the URL."""
    opened: list[ApiServer] = []

    async def serve(handler: Handler) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        opened.append(await open_server(app, "127.0.0.1", 0, Metrics()))
        return opened[-1].url

    yield serve
    for server in opened:
        await server.close()


Serving: TypeAlias = Callable[[Handler], Awaitable[str]]


async def test_no_answer_in_time_is_indefinite(serving: Serving) -> None:
    release = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await release.wait()
        return web.Response()

    async with Client(await serving(hang), timeout_s=0.05) as client:
        with pytest.raises(IndefiniteError) as caught:
            await client.submit(b"x")
        assert not caught.value.definite
        with pytest.raises(ClientError):
            await client.status()
    release.set()


async def test_a_connection_that_breaks_is_indefinite(serving: Serving) -> None:
    async def cut(request: web.Request) -> web.Response:
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with Client(await serving(cut)) as client:
        with pytest.raises(IndefiniteError):
            await client.submit_batch([b"x"])


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"not json", IndefiniteError),
        (200, b"{}", IndefiniteError),
        (200, b'{"results": 1}', IndefiniteError),
        (502, b"<html>bad gateway</html>", IndefiniteError),
        (503, b"<html>unavailable</html>", IndefiniteError),
        (504, b"", IndefiniteError),
        (503, b'{"definite": true, "reason": "too-many-connections"}', RefusedError),
        (404, b"<html>not here</html>", RefusedError),
        (400, b"[]", RefusedError),
        (400, b"\xff", RefusedError),
    ],
)
@pytest.mark.parametrize("batch", [True, False])
async def test_answers_of_others(
    serving: Serving, status: int, body: bytes, error: type[ClientError], batch: bool
) -> None:
    async def say(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body)

    async with Client(await serving(say)) as client:
        call: Any = client.submit_batch([b"x"]) if batch else client.submit(b"x")
        with pytest.raises(error):
            await call


async def test_a_client_has_to_be_opened() -> None:
    with pytest.raises(RuntimeError, match="context manager"):
        await Client("http://127.0.0.1:1").status()


async def test_a_linearizable_read(client: Client, backend: LedgerBackend) -> None:
    envelope = backend.pay(0, payload=Record(b"k", b"v"))
    backend.before_read = lambda: backend.chain.height or backend.make_block(envelope)
    assert (await client.record(ADDRESS, b"k")).height == 0
    record = await client.record(ADDRESS, b"k", linearizable=True)
    assert (record.value, record.height) == (b"v", 1)
    assert (await client.account(ADDRESS, linearizable=True)).nonce == 1
    assert (await client.transaction(envelope.id, linearizable=True)).definite
    assert len(backend.confirmed) == 3


@pytest.mark.parametrize(
    ("freshness", "status", "retry_after_s"),
    [
        (Freshness.UNCONFIRMED, 503, 1),
        (Freshness.NOT_A_VOTER, 422, None),
        (Freshness.UNSUPPORTED, 501, None),
    ],
)
async def test_a_read_that_is_not_confirmed_is_a_refusal(
    client: Client,
    backend: LedgerBackend,
    freshness: Freshness,
    status: int,
    retry_after_s: float | None,
) -> None:
    backend.freshness = freshness
    with pytest.raises(RefusedError) as caught:
        await client.record(ADDRESS, b"k", linearizable=True)
    error = caught.value
    assert (error.reason, error.status) == (freshness.value, status)
    assert error.retry_after_s == retry_after_s
