"""A served API over a real ledger in memory, and ways to call it."""

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias

import aiohttp
import msgspec
import pytest

from node.api.app import make_app
from node.api.routing import Limits
from node.api.server import ApiServer, open_server
from node.client import Client
from tests.node.api.ledger_backend import LedgerBackend

LIMITS = Limits(
    batch_transactions_max=20,
    batch_bytes_max=64 * 1024,
    transaction_body_bytes_max=40 * 1024,
)


@dataclass
class Reply:
    """One HTTP answer, read whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


Call: TypeAlias = Callable[..., Coroutine[Any, Any, Reply]]


@pytest.fixture
async def backend() -> LedgerBackend:
    return LedgerBackend()


@pytest.fixture
async def server(backend: LedgerBackend) -> AsyncIterator[ApiServer]:
    opened = await open_server(make_app(backend, LIMITS), "127.0.0.1", 0, backend.metrics)
    backend.events.start()
    yield opened
    await backend.events.close()
    await opened.close()
    assert backend.failures == []


@pytest.fixture
async def call(server: ApiServer) -> AsyncIterator[Call]:
    """`await call("GET", "/v1/status")`, with aiohttp's keyword arguments."""
    async with aiohttp.ClientSession() as session:

        async def request(method: str, path: str, **options: Any) -> Reply:
            async with session.request(method, server.url + path, **options) as response:
                return Reply(response.status, dict(response.headers), await response.read())

        yield request


@pytest.fixture
async def client(server: ApiServer) -> AsyncIterator[Client]:
    async with Client(server.url) as opened:
        yield opened


def assert_problem(reply: Reply, status: int, reason: str) -> Any:
    """The reply is a problem document of this status and reason; gives the document."""
    document = reply.json
    assert (reply.status, document["reason"]) == (status, reason), document
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert document["status"] == status
    assert document["type"] == f"urn:quorate:problem:{reason}"
    assert document["title"]
    assert document["detail"]
    assert "Traceback" not in reply.body.decode()
    return document
