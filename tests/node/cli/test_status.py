"""`quorate status --check`: an exit status for probes, from an answer that a server makes up."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from node.api.backend import NodeState
from node.api.node_models import StatusAnswer
from tests.node.cli.conftest import Quorate

Serve = Callable[[NodeState], str]


def make_answer(state: NodeState) -> StatusAnswer:
    return StatusAnswer(
        name="validator-0",
        version="1",
        role="validator",
        state=state,
        ready=state is NodeState.READY,
        engine="pbft",
        network="testnet",
        chain_id=bytes(32),
        public_key=bytes(32),
        head_height=0,
        head_id=bytes(32),
        final_height=0,
        certified_height=0,
        peers=0,
        pending=0,
        started_at_ms=0,
        uptime_ms=0,
        event_loop="asyncio",
        alarms=[],
    )


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answer every question with the status of a node in this state; returns the URL."""
    servers: list[HTTPServer] = []

    def start(state: NodeState) -> str:
        body = make_answer(state).model_dump_json().encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_ready_node_is_well_and_nothing_is_said(quorate: Quorate, serve: Serve) -> None:
    done = quorate("status", "--check", "--url", serve(NodeState.READY))
    assert (done.status, done.output, done.said) == (0, "", "")


@pytest.mark.parametrize("state", [NodeState.STARTING, NodeState.CATCHING_UP, NodeState.STOPPING])
def test_any_other_state_fails_and_is_named(
    quorate: Quorate, serve: Serve, state: NodeState
) -> None:
    done = quorate("status", "--check", "--url", serve(state))
    assert (done.status, done.output) == (1, "")
    assert f"is {state.value} [not-ready]" in done.said


def test_a_node_that_does_not_answer_fails(quorate: Quorate) -> None:
    for words in ((), ("--check",)):
        done = quorate("status", *words, "--url", "http://127.0.0.1:1")
        assert (done.status, "[unreachable]" in done.said) == (1, True)


def test_the_environment_names_the_node(
    quorate: Quorate, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUORATE_URL", serve(NodeState.READY))
    assert quorate("status", "--check").status == 0


def test_a_probe_loads_neither_a_node_nor_simulators() -> None:
    code = (
        "import sys; from node.cli.main import choose_words, make_app;"
        "make_app(choose_words(['status', '--check']));"
        "print([name for name in ('node.node', 'consensus.simulation', 'consensus.catalog')"
        " if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_modules_are_out_of_the_collectors_sight_and_it_goes_on() -> None:
    code = (
        "import gc, sys; from node.cli import main; sys.argv = ['quorate', 'status'];"
        "main.run_command = lambda: print(gc.isenabled(), gc.get_freeze_count() > 10_000);"
        "main.run()"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True True\n"
