"""A process that stands beside a network's nodes and ends with them, whoever started it."""

from collections.abc import Sequence
from pathlib import Path

from node.testnet.processes import ProcessId, kill_all, reap, spawn, stop_all
from node.testnet.registry import Registry


class Companion:
    """One such process; `number`, below zero, is its own in the network's registry."""

    def __init__(self, registry: Registry, number: int, log_path: Path) -> None:
        self.log_path = log_path
        self._registry = registry
        self._number = number
        self._child: ProcessId | None = None

    @property
    def is_running(self) -> bool:
        """Is there such a process."""
        if self._child is not None:
            reap(self._child)
        return self._registry.get(self._number) is not None

    def launch(self, command: Sequence[str]) -> None:
        """Start it, its output appended to the log."""
        self._child = spawn(command, self.log_path)
        self._registry.set(self._number, self._child)

    async def stop(self, timeout_s: float) -> None:
        """SIGTERM, a bounded wait, then SIGKILL."""
        await stop_all(self._processes(), timeout_s)
        self._reap()

    async def kill(self) -> None:
        """SIGKILL."""
        await kill_all(self._processes())
        self._reap()

    def _processes(self) -> list[ProcessId]:
        process = self._registry.get(self._number)
        return [] if process is None else [process]

    def _reap(self) -> None:
        if self._child is not None:
            reap(self._child)
