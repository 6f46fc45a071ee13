"""`quorate events`: lines for people, and objects for machines."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from node.api.app import make_app
from node.api.node_models import EventAnswer
from node.api.server import open_server
from node.cli.events import describe
from tests.node.api.ledger_backend import LedgerBackend
from tests.node.cli.conftest import Quorate


@pytest.fixture
def url() -> Iterator[str]:
    """A node with two blocks, served from a thread of its own."""
    loop = asyncio.new_event_loop()
    found: list[str] = []
    started = threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        backend = LedgerBackend()
        backend.make_block(backend.pay(0))
        backend.make_block()
        server = await open_server(make_app(backend), "127.0.0.1", 0, backend.metrics)
        backend.events.start()
        found.append(server.url)
        started.set()
        await stop.wait()
        await backend.events.close()
        await server.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(10)
    yield found[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)


def test_what_happened_in_lines(quorate: Quorate, url: str) -> None:
    done = quorate("events", "--url", url, "--kinds", "block,final")
    assert done.status == 0
    kinds = [line.split()[1:3] for line in done.output.splitlines()]
    assert kinds == [["block", "1"], ["final", "1"], ["block", "2"], ["final", "2"]]
    assert "1 transactions" in done.output.splitlines()[0]


def test_objects_whose_cursors_go_on(quorate: Quorate, url: str) -> None:
    whole = quorate("events", "--url", url, "--json", "--kinds", "block")
    first, second = whole.output.splitlines()
    cursor = EventAnswer.model_validate_json(first).cursor
    rest = quorate("events", "--url", url, "--json", "--kinds", "block", "--after", cursor)
    assert rest.output.splitlines() == [second]


def test_a_cursor_of_another_node_is_refused_in_words(quorate: Quorate, url: str) -> None:
    done = quorate("events", "--url", url, "--after", "ffffffff-1-1")
    assert done.status == 1
    assert "[cursor-unknown]" in done.said


@pytest.mark.parametrize(
    ("kind", "data", "line"),
    [
        ("block", {"id": "ab" * 32, "transactions": 3, "failed": 1}, "3 transactions, 1 failed"),
        ("reorganisation", {"depth": 2, "fork_height": 5}, "2 blocks undone above 5"),
        (
            "transaction",
            {"id": "ab" * 32, "status": "dropped", "reason": "tx-expired"},
            "abababababab  dropped (tx-expired)",
        ),
        ("view", {"view": 4, "previous": 3, "leader": "validator-0"}, "3 → 4, validator-0 leads"),
        ("peer", {"name": "", "public_key": "cd" * 32, "state": "up"}, "cdcdcdcdcdcd up"),
        ("node", {"state": "started", "version": "1"}, "state=started  version=1"),
        ("committee", {"state": "scheduled", "validators": ["a", "b"]}, "validators=2"),
    ],
)
def test_each_kind_has_a_line(kind: str, data: dict[str, Any], line: str) -> None:
    event = EventAnswer(cursor="c", kind=kind, time_ms=3_723_004, data=data, height=None)
    shown = describe(event)
    assert shown.startswith("01:02:03.004  " + kind)
    assert shown.endswith(line)
