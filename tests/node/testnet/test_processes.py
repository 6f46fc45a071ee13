import signal
import sys
from pathlib import Path

import pytest

from node.testnet.processes import (
    Condition,
    ProcessId,
    identify,
    kill_all,
    observe,
    reap,
    send_signal,
    spawn,
    stop_all,
    wait_gone,
)

PATIENT = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('up', flush=True); time.sleep(60)"
)


def is_up(log: Path) -> bool:
    return "up" in log.read_text()


async def start(code: str, log: Path) -> ProcessId:
    """A child that has said that it is up."""
    process = spawn([sys.executable, "-c", code], log)
    while not is_up(log):
        assert observe(process) is not Condition.GONE
        await wait_gone(process, 0.01)
    return process


async def test_a_child_writes_to_its_log_and_ends_on_request(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    process = await start(PATIENT, log)
    assert observe(process) is Condition.RUNNING
    assert log.read_text() == "before\nup\n"
    assert await stop_all([process], 10) == []
    reap(process)
    assert identify(process.pid) is None
    assert not send_signal(process, signal.SIGTERM)


async def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    process = await start(STUBBORN, tmp_path / "log")
    assert await stop_all([process], 0.2) == [process]
    assert observe(process) is Condition.GONE
    reap(process)


async def test_a_paused_one_is_seen_and_can_still_be_stopped(tmp_path: Path) -> None:
    process = await start(PATIENT, tmp_path / "log")
    send_signal(process, signal.SIGSTOP)
    while observe(process) is not Condition.PAUSED:
        await wait_gone(process, 0.01)
    assert await stop_all([process], 10) == []
    reap(process)


async def test_another_process_under_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    process = await start(PATIENT, tmp_path / "log")
    stranger = ProcessId(process.pid, process.started + 1)
    assert observe(stranger) is Condition.GONE
    assert not send_signal(stranger, signal.SIGKILL)
    assert observe(process) is Condition.RUNNING
    await kill_all([process])
    reap(process)


async def test_a_zombie_is_gone(tmp_path: Path) -> None:
    process = await start("print('up', flush=True); input()", tmp_path / "log")
    assert await wait_gone(process, 10)
    assert identify(process.pid) == process  # the parent has not asked for its exit status yet
    reap(process)
    assert identify(process.pid) is None


def test_an_unknown_program_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        spawn([str(tmp_path / "nothing")], tmp_path / "log")
