"""One mining process, seen from the node."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable

import structlog

from node.mining.orders import MalformedError, Order, Report, encode, unpack_reports

_log = structlog.get_logger(__name__)

READ_BYTES = 65_536
BACKLOG_BYTES_MAX = 64 * 1024
"""Orders that wait for a process that reads none: some hundred. It hangs, and is replaced."""
CLOSE_S = 1.0
"""A worker ends within one slice of hashing; one that does not is killed."""


class MiningProcess:
    """A process from its start to its end; `on_report` is called for each of its reports."""

    def __init__(self, process: Process, on_report: Callable[[Report], None]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._on_report = on_report

    @classmethod
    async def start(
        cls, engine: str, nice: int, on_report: Callable[[Report], None]
    ) -> "MiningProcess":
        """Start one; raises `OSError` where the system has no room for it."""
        command = (sys.executable, "-P", "-m", "node.mining.worker", engine, str(nice))
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        return cls(process, on_report)

    @property
    def pid(self) -> int:
        """The system's number of the process."""
        return self._process.pid

    def say(self, order: Order) -> None:
        """Pass on an order; never waits."""
        if self._stdin.is_closing():
            return
        self._stdin.write(encode(order))
        if self._stdin.transport.get_write_buffer_size() > BACKLOG_BYTES_MAX:
            _log.warning("a mining process takes no orders", pid=self.pid)
            self._kill()

    async def follow(self) -> int:
        """Read reports until the process ends; its exit status."""
        unpacker = unpack_reports()
        try:
            while data := await self._stdout.read(READ_BYTES):
                for report in unpacker.feed(data):
                    self._on_report(report)
        except MalformedError as error:
            _log.warning("a mining process talks nonsense", pid=self.pid, error=str(error))
            self._kill()
        return await self._process.wait()

    async def close(self) -> None:
        """End it: it goes when its orders do, or is killed."""
        self._stdin.close()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._drain()
        except TimeoutError:
            self._kill()
            await self._drain()

    async def _drain(self) -> None:
        """Until nothing of it is left; a pipe that is not read to its end stays open."""
        while await self._stdout.read(READ_BYTES):
            continue
        await self._process.wait()
        with contextlib.suppress(OSError):
            await self._stdin.wait_closed()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
