"""A Prometheus beside a testnet: found on this machine, started with it, ended with it."""

import asyncio
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from node.testnet.companion import Companion
from node.testnet.errors import ClusterError
from node.testnet.network import Network
from node.testnet.ports import check_free
from node.testnet.prometheus_files import FOLDER, URL_FILE, write_files
from node.testnet.registry import Registry

MONITOR = -3
"""Under this number the registry keeps the process."""
PORT_OFFSET = 9
"""From the network's base port; its nodes leave this one free."""
SCRAPE_INTERVAL_S = 1.0
RETENTION = ("--storage.tsdb.retention.time=2d", "--storage.tsdb.retention.size=512MB")
READY_TIMEOUT_S = 30.0
POLL_S = 0.05
LOG_TAIL_BYTES = 2_000
TOOLS_FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "bin"


@dataclass(frozen=True, slots=True)
class MonitorOptions:
    """How to watch: on which port (None: the network's own), and how often to look."""

    port: int | None = None
    scrape_interval_s: float = SCRAPE_INTERVAL_S


def find_prometheus() -> Path:
    """The program, on PATH or unpacked in the checkout; raises `ClusterError` (prometheus-missing)."""
    search = os.pathsep.join((os.environ.get("PATH", os.defpath), str(TOOLS_FOLDER)))
    if found := shutil.which("prometheus", path=search):
        return Path(found)
    raise ClusterError(
        "there is no program `prometheus` on this machine",
        reason="prometheus-missing",
        advice="install it (Debian: apt-get install prometheus), or start with"
        " `./scripts/testnet --monitor`, which unpacks Debian's package into .cache",
    )


class MonitorProcess(Companion):
    """The Prometheus of one network, also one that another command started."""

    def __init__(self, network: Network, registry: Registry) -> None:
        self._folder = network.home / FOLDER
        super().__init__(registry, MONITOR, self._folder / "log")
        self._network = network

    @property
    def url(self) -> str | None:
        """Where it answers; None where none runs."""
        return (self._folder / URL_FILE).read_text("utf-8").strip() if self.is_running else None

    def start(self, options: MonitorOptions) -> None:
        """Start it where none runs yet.

        Raises `ClusterError` (prometheus-missing, port-in-use).
        """
        if self.is_running:
            return
        program, plan = find_prometheus(), self._network.plan
        port = plan.base_port + PORT_OFFSET if options.port is None else options.port
        check_port_free(plan.host, port)
        config = write_files(
            self._network.home, plan, self._network.members, options.scrape_interval_s
        )
        (self._folder / URL_FILE).write_text(f"http://{plan.host}:{port}\n", encoding="utf-8")
        command = [str(program), f"--config.file={config}", *RETENTION, "--log.level=warn"]
        command.append(f"--storage.tsdb.path={self._folder / 'data'}")
        self.launch([*command, f"--web.listen-address={plan.host}:{port}"])

    async def wait_ready(self, timeout_s: float = READY_TIMEOUT_S) -> str:
        """Wait until it answers; returns its URL. Raises `ClusterError` (prometheus-died)."""
        deadline = time.monotonic() + timeout_s
        async with aiohttp.ClientSession() as session:
            while (url := self.url) and time.monotonic() < deadline:
                if await is_ready(session, url):
                    return url
                await asyncio.sleep(POLL_S)
        raise ClusterError(
            f"Prometheus does not answer:\n{self._read_log_tail()}",
            reason="prometheus-died",
            advice=f"its whole log is {self.log_path}",
        )

    def _read_log_tail(self) -> str:
        try:
            text = self.log_path.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")
        except OSError:
            return "(no log)"
        return text.strip()


def check_port_free(host: str, port: int) -> None:
    """Refuse a port that is taken, saying which option names another."""
    try:
        check_free(host, [port])
    except ClusterError as error:
        error.advice = "name another port with --monitor-port"
        raise


async def is_ready(session: aiohttp.ClientSession, url: str) -> bool:
    """Does Prometheus answer, and say that it is ready."""
    try:
        async with session.get(f"{url}/-/ready") as response:
            return response.ok
    except aiohttp.ClientError:
        return False
