"""The id of a request: the client's own or a new one, in the answer and in the log."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from node.api import request_ids
from node.api.request_ids import HEADER, SlowRequests
from tests.node.api.conftest import Call
from tests.node.api.ledger_backend import LedgerBackend


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    caplog.set_level(logging.DEBUG, logger="node.api.request_ids")
    capture = structlog.testing.LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
    yield capture.entries  # type: ignore[misc]
    structlog.reset_defaults()


@pytest.mark.parametrize("id_", ["a", "abc-1.2_3:4", "x" * 64])
async def test_a_well_formed_id_comes_back(call: Call, id_: str) -> None:
    reply = await call("GET", "/v1/status", headers={HEADER: id_})
    assert reply.headers[HEADER] == id_


@pytest.mark.parametrize("id_", ["", "x" * 65, "a b", '{"a"', "-a", "ä"])
async def test_another_is_replaced(call: Call, id_: str) -> None:
    replies = [await call("GET", "/v1/status", headers={HEADER: id_}) for _ in range(2)]
    made = [reply.headers[HEADER] for reply in replies]
    assert [len(one) for one in made] == [16, 16]
    assert made[0] != made[1]


async def test_refusals_and_unknown_paths_have_one_too(call: Call) -> None:
    for path in ("/nowhere", "/v1/blocks/x", "/v1/status?a=1"):
        reply = await call("GET", path, headers={HEADER: "mine"})
        assert (reply.status >= 400, reply.headers[HEADER]) == (True, "mine")


async def test_lines_of_a_request_carry_it(
    call: Call,
    backend: LedgerBackend,
    logged: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(backend, "mempool_view", fail)
    reply = await call("GET", "/v1/mempool", headers={HEADER: "mine"})
    assert reply.status == 500
    await call("GET", "/v1/status", headers={HEADER: "other"})
    lines = [(line["event"], line["request"], line["log_level"]) for line in logged]
    assert lines == [
        ("a request failed", "mine", "error"),
        ("request", "mine", "debug"),
        ("request", "other", "debug"),
    ]
    assert logged[1]["path"] == "/v1/mempool"
    assert structlog.contextvars.get_contextvars() == {}


async def test_slow_requests_are_told_of_unless_the_client_waits(
    call: Call, logged: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_ids, "SLOW_S", -1.0)
    await call("GET", "/v1/status")
    await call("GET", "/v1/status?wait=final")
    slow = [line for line in logged if line["log_level"] == "warning"]
    assert [(line["event"], line["path"]) for line in slow] == [("slow requests", "/v1/status")]


def test_many_slow_requests_are_one_line_a_second(logged: list[dict[str, Any]]) -> None:
    slow = SlowRequests()
    for now in (0.0, 0.4, 0.9, 1.1, 1.2, 2.2):
        slow.tell(now, "/v1/status", 200, 2.0)
    assert [line["count"] for line in logged] == [1, 3, 2]
