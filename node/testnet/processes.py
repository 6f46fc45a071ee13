"""Starting and signalling processes so that a recycled pid is never hit.

A process is known by its pid and its start time (clock ticks since boot, from `/proc`). Signals go
through a pid file descriptor that is opened before the start time is compared, so nothing can slip
in between. A zombie counts as gone once its last thread is: until then the process holds its ports
and locks, though its main thread has ended.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

POLL_S = 0.02


class ProcessId(NamedTuple):
    """One process for ever: its pid, and when it started in clock ticks since boot."""

    pid: int
    started: int


class Condition(StrEnum):
    """What a process does just now."""

    RUNNING = "running"
    PAUSED = "paused"
    GONE = "gone"


def spawn(command: Sequence[str], log_path: Path) -> ProcessId:
    """Start `command` in a session of its own, its output appended to `log_path`."""
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, log, 1),
            (os.POSIX_SPAWN_DUP2, log, 2),
        ]
        pid = os.posix_spawn(
            command[0], list(command), os.environ, file_actions=actions, setsid=True
        )
    finally:
        os.close(log)
    process = identify(pid)
    assert process is not None, "a child stays at least a zombie until it is reaped"
    return process


def reap(process: ProcessId) -> None:
    """Collect the exit status of a child that has ended, so that no zombie stays."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)


def read_stat(pid: int) -> tuple[str, int] | None:
    """State letter and start time of a pid, or None where there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    return fields[0], int(fields[19])


def identify(pid: int) -> ProcessId | None:
    """The identity of a process that runs now."""
    stat = read_stat(pid)
    return None if stat is None else ProcessId(pid, stat[1])


def observe(process: ProcessId) -> Condition:
    """What the process does; another one under the same pid means that ours is gone."""
    stat = read_stat(process.pid)
    if stat is None or stat[1] != process.started:
        return Condition.GONE
    if stat[0] in "ZX" and not has_threads(process.pid):
        return Condition.GONE
    return Condition.PAUSED if stat[0] in "Tt" else Condition.RUNNING


def has_threads(pid: int) -> bool:
    """Does a process have threads besides its main one."""
    try:
        return any(task.name != str(pid) for task in Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return False


def send_signal(process: ProcessId, number: signal.Signals) -> bool:
    """Signal exactly this process; False where it is gone."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    try:
        if observe(process) is Condition.GONE:
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


async def wait_gone(process: ProcessId, timeout_s: float) -> bool:
    """Wait until the process is gone; False where it still runs after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while observe(process) is not Condition.GONE:
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(POLL_S)
    return True


async def stop_all(processes: Sequence[ProcessId], timeout_s: float) -> list[ProcessId]:
    """Ask all to end at once, wait, then kill those that did not; returns the killed ones.

    A paused process is woken first, or it could never hear the question.
    """
    for process in processes:
        send_signal(process, signal.SIGTERM)
        send_signal(process, signal.SIGCONT)
    ended = await asyncio.gather(*(wait_gone(process, timeout_s) for process in processes))
    stubborn = [process for process, gone in zip(processes, ended, strict=True) if not gone]
    await kill_all(stubborn)
    return stubborn


async def kill_all(processes: Sequence[ProcessId], timeout_s: float = 10.0) -> None:
    """SIGKILL to all, as close together as can be, and wait until they are gone."""
    for process in processes:
        send_signal(process, signal.SIGKILL)
    await asyncio.gather(*(wait_gone(process, timeout_s) for process in processes))
