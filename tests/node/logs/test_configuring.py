"""Lines of the log: JSON off a terminal, plain for people, with the speaker on each."""

import asyncio
import logging
import sys
import threading

import pytest
import structlog

from node.logs.configuring import configure_logging
from node.logs.scope import Scope, enter_scope, freeze_scope
from node.logs.uncaught import log_uncaught
from tests.node.logs.conftest import ReadLines


def test_lines_are_json_off_a_terminal_for_us_and_for_libraries(read_lines: ReadLines) -> None:
    configure_logging("info", "auto")
    structlog.get_logger("node.test").info("it happened", head=5)
    logging.getLogger("aiohttp.server").warning("a %s library", "chatty")
    structlog.get_logger("node.test").debug("too much")
    ours, theirs = read_lines()
    assert (ours["event"], ours["head"], ours["level"]) == ("it happened", 5, "info")
    assert (theirs["event"], theirs["logger"]) == ("a chatty library", "aiohttp.server")
    assert "timestamp" in theirs


def test_an_error_comes_with_its_trace_and_not_with_its_variables(read_lines: ReadLines) -> None:
    configure_logging("info", "json")
    hidden = "a value that nobody shall see"
    try:
        int(hidden[:0])
    except ValueError:
        structlog.get_logger("node.test").exception("it failed")
        logging.getLogger("asyncio").exception("theirs failed")
    for line in read_lines():
        assert "ValueError" in line["exception"]
        assert hidden not in line["exception"].replace('hidden = "', "")


@pytest.mark.usefixtures("_own_logging")
def test_people_get_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", "console")
    structlog.get_logger("node.test").warning("careful", peer="x")
    try:
        int("broken")
    except ValueError:
        structlog.get_logger("node.test").exception("it failed")
    said = capsys.readouterr().err
    assert "careful" in said
    assert not said.startswith("{")
    assert "ValueError: invalid literal" in said


def test_every_line_tells_who_speaks_and_at_which_height(read_lines: ReadLines) -> None:
    configure_logging("info", "json")
    heights = [7]
    scope = enter_scope(Scope("testnet", "validator-0", lambda: heights[0]))
    log = structlog.get_logger("node.test")
    log.info("ours")
    heights[0] = 8
    logging.getLogger("aiohttp").warning("theirs")
    thread = threading.Thread(target=log.info, args=("from a thread",))
    thread.start()
    thread.join()
    log.info("of its own", height=3)
    freeze_scope(scope)
    heights[0] = 9
    log.info("stopped")
    lines = read_lines()
    assert {(line["network"], line["node"]) for line in lines} == {("testnet", "validator-0")}
    assert [line["height"] for line in lines] == [7, 8, 8, 3, 8]


async def test_uncaught_errors_are_lines_too(read_lines: ReadLines) -> None:
    configure_logging("info", "json")
    log_uncaught()
    error = KeyError("main")
    sys.excepthook(KeyError, error, None)
    thread = threading.Thread(target=int, args=("thread",), name="worker")
    thread.start()
    thread.join()

    class Broken:
        def __del__(self) -> None:
            raise ValueError("clearing")

    Broken()
    loop = asyncio.get_running_loop()
    loop.call_exception_handler({"message": "in a callback", "exception": OSError("loop")})
    lines = read_lines()
    assert [line["level"] for line in lines] == ["critical", "critical", "error", "error"]
    for line, word in zip(lines, ("main", "thread", "clearing", "loop"), strict=True):
        assert word in line["exception"]
    assert lines[1]["thread"] == "worker"


@pytest.mark.usefixtures("_own_logging")
def test_ctrl_c_is_no_uncaught_error(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    log_uncaught()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr().err.strip() == "KeyboardInterrupt"
