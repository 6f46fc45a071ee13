"""Which process is which node: one small file in the network's home.

    {"boot": "<kernel's boot id>", "processes": {"0": [pid, started], ...}}

Start times count from boot, so a file from before a reboot names no process at all.
"""

import json
from pathlib import Path

from node.testnet.errors import ClusterError
from node.testnet.processes import Condition, ProcessId, observe

REGISTRY_FILE = "processes.json"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def read_boot_id() -> str:
    """A name for the time since the machine started."""
    return _BOOT_ID.read_text(encoding="ascii").strip()


class Registry:
    """The processes of one network; every change is written at once, atomically."""

    def __init__(self, home: Path) -> None:
        self._path = home / REGISTRY_FILE
        self._processes = self._read()

    def _read(self) -> dict[int, ProcessId]:
        try:
            table = json.loads(self._path.read_text(encoding="utf-8"))
            if table["boot"] != read_boot_id():
                return {}
            return {int(i): ProcessId(*map(int, pair)) for i, pair in table["processes"].items()}
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ClusterError(
                f"{self._path} is damaged: {error!r}",
                reason="bad-process-file",
                advice="end the network's processes by hand, then delete the file",
            ) from error

    def get(self, index: int) -> ProcessId | None:
        """The process of node `index`, if one was started and still lives."""
        process = self._processes.get(index)
        if process is None or observe(process) is Condition.GONE:
            return None
        return process

    def set(self, index: int, process: ProcessId) -> None:
        """Note that `process` is node `index` from here; what other commands noted meanwhile stays."""
        self._processes = {**self._read(), index: process}
        self._write()

    def living(self) -> dict[int, ProcessId]:
        """Every node that has a process now."""
        alive = {index: self.get(index) for index in sorted(self._processes)}
        return {index: process for index, process in alive.items() if process is not None}

    def _write(self) -> None:
        processes = {str(index): list(pair) for index, pair in self._processes.items()}
        table = {"boot": read_boot_id(), "processes": processes}
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(table), encoding="utf-8")
        fresh.replace(self._path)
