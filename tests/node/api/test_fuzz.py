"""Bytes and structures nobody thought of: never a 5xx, never a trace, nothing half-applied."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from node.api.app import ROUTES, make_app
from node.api.openapi import make_document
from node.api.server import open_server
from node.api.views import show_fields
from tests.node.api.conftest import LIMITS
from tests.node.api.ledger_backend import LedgerBackend

EXAMPLES = 100
RELAXED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
JSON = "application/json"
OCTETS = "application/octet-stream"
MSGPACK = "application/msgpack"


class Served:
    """An API in a thread of its own, for clients that are not asynchronous."""

    def __init__(self) -> None:
        self.backend: LedgerBackend
        self.url = ""
        self.session = requests.Session()
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._started.wait(10)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        self.backend = LedgerBackend()
        self.backend.make_block(self.backend.pay(0), certify=True)
        app = make_app(self.backend, LIMITS)
        server = await open_server(app, "127.0.0.1", 0, self.backend.metrics)
        self.backend.events.start()
        self.url = server.url
        self._started.set()
        await self._stop.wait()
        await self.backend.events.close()
        await server.close()

    def close(self) -> None:
        self.session.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def post(self, path: str, body: bytes, media: str) -> requests.Response:
        return self.session.post(
            self.url + path, data=body, headers={"Content-Type": media}, timeout=10
        )


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    one = Served()
    yield one
    one.close()


def assert_clean(response: requests.Response) -> None:
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.headers["Content-Type"].startswith("application/problem+json")
        assert response.json()["reason"]
    assert "Traceback" not in response.text


GOOD: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _good(served: Served) -> None:
    GOOD.update(show_fields(served.backend.pay(1).raw).model_dump(mode="json"))


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet=st.characters(codec=None), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@RELAXED
@given(body=st.binary(max_size=300), media=st.sampled_from([JSON, OCTETS, MSGPACK, "text/x"]))
@pytest.mark.parametrize("path", ["/v1/transactions", "/v1/transactions/batch"])
def test_any_bytes(served: Served, path: str, body: bytes, media: str) -> None:
    response = served.post(path, body, media)
    assert_clean(response)
    if path == "/v1/transactions":
        assert response.status_code >= 400
    assert served.backend.mempool.count == 0


@RELAXED
@given(value=anything)
def test_any_json(served: Served, value: Any) -> None:
    body = json.dumps(value).encode()
    for path in ("/v1/transactions", "/v1/transactions/batch"):
        assert_clean(served.post(path, body, JSON))
    assert served.backend.mempool.count == 0


@RELAXED
@given(data=st.data())
def test_a_good_transaction_with_one_field_replaced(served: Served, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(GOOD)))
    value = data.draw(anything)
    response = served.post("/v1/transactions", json.dumps({**GOOD, name: value}).encode(), JSON)
    assert_clean(response)
    assert response.status_code >= 400 or value == GOOD[name]


@RELAXED
@given(data=st.data())
def test_a_good_transaction_with_some_bytes_spoilt(served: Served, data: st.DataObject) -> None:
    raw = bytearray(served.backend.pay(1, amount=77).raw)
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    response = served.post("/v1/transactions", bytes(raw), OCTETS)
    assert_clean(response)
    assert response.status_code in {413, 422}
    batch = served.post("/v1/transactions/batch", msgspec.msgpack.encode([bytes(raw)]), MSGPACK)
    assert batch.json()["rejected"] == 1


@RELAXED
@given(
    path=st.sampled_from(["/v1/blocks/", "/v1/transactions/", "/v1/accounts/", "/v1/", "/"]),
    tail=st.text(max_size=30),
    query=st.dictionaries(
        st.sampled_from(["limit", "cursor", "from", "order", "proof", "x"]), st.text(max_size=20)
    ),
)
def test_any_path_and_query(served: Served, path: str, tail: str, query: dict[str, str]) -> None:
    quoted = quote(tail, safe="")
    assert_clean(served.session.get(served.url + path + quoted, params=query, timeout=10))


@schemathesis.serializer(MSGPACK)
def _serialise(_context: Any, value: Any) -> bytes:
    """Half of what is generated goes as it is, the rest inside a well-formed batch."""
    data = value if isinstance(value, bytes) else str(getattr(value, "data", value)).encode()
    return data if len(data) % 2 else msgspec.msgpack.encode([data])


schema = schemathesis.openapi.from_dict(make_document(ROUTES, "0"))


@schema.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_server_keeps_to_its_document(served: Served, case: Any) -> None:
    # Left out: "what fits the schema is taken". No schema tells a checksum or a made-up cursor.
    excluded = [positive_data_acceptance]
    if case.path == "/v1/transactions/batch":
        excluded.append(negative_data_rejection)  # a bad item is a rejected result, not a refusal
    if case.path == "/v1/events" and case.query.get("follow", "1") == "1":
        case.query["follow"] = "0"  # else the answer never ends
    case.call_and_validate(base_url=served.url, excluded_checks=excluded)
