"""A crowd of subscribers that do not read, at a real server."""

import asyncio

import pytest

from node.api import event_outlets
from node.api.app import make_app
from node.api.server import open_server
from node.events import pump, replaying
from node.load.crowd import Crowd
from tests.node.api.ledger_backend import LedgerBackend
from tests.node.support import until


async def test_a_crowd_stays_as_large_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "QUEUE_BYTES_MAX", 64 * 1024)
    monkeypatch.setattr(pump, "SWEEP_S", 0.01)
    monkeypatch.setattr(replaying, "DEADLINE_S", 0.2)
    monkeypatch.setattr(event_outlets, "FAREWELL_S", 0.1)
    monkeypatch.setattr(event_outlets, "SEND_BUFFER_BYTES", 4096)
    backend = LedgerBackend()
    server = await open_server(make_app(backend), "127.0.0.1", 0, backend.metrics)
    backend.events.start()
    crowd = Crowd(f"{server.url}/v1/events", 4)
    try:
        await asyncio.to_thread(crowd.start)
        await until(lambda: backend.events.count == 4)
        while backend.events.count == 4:
            backend.recorder.on_alarm("flood", "x" * 1000)
            await asyncio.sleep(0)
        await until(lambda: backend.events.count == 4)
        calls = await asyncio.to_thread(crowd.stop)
        assert calls >= 5
        await until(lambda: backend.events.count == 0)
    finally:
        await backend.events.close()
        await server.close()
    assert backend.failures == []
