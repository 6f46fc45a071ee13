"""Open-loop sending: every batch leaves when its time has come, however the network is doing.

Latency counts from the intended time, so a generator or a network that falls behind makes it
longer, not invisible. Bodies are ready before the start; of the answers only the counts are read.
"""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
import msgspec

from node.load.signing import SignedBatch

REQUEST_TIMEOUT_S = 30.0
LEAD_S = 0.2
_HEADERS = {"Content-Type": "application/msgpack"}


class Counts(msgspec.Struct, frozen=True):
    """The part of a batch answer that is read."""

    accepted: int = 0
    known: int = 0
    rejected: int = 0


NO_COUNTS = Counts()


@dataclass(frozen=True, slots=True)
class Shot:
    """A batch, the node it goes to, and when: seconds after the start."""

    batch: SignedBatch
    node: int
    after_s: float


@dataclass(slots=True)
class Landing:
    """What became of a shot; `status` is HTTP's, 0 where no answer came."""

    intended_at: float
    late_s: float = 0.0
    """How long after the intended time the generator sent it."""
    status: int = 0
    counts: Counts = NO_COUNTS


_decode = msgspec.json.Decoder(Counts).decode


class OpenLoop:
    """Sends shots over one session; times are the event loop's."""

    def __init__(self, session: aiohttp.ClientSession, urls: Sequence[str]) -> None:
        self._session = session
        self._urls = [f"{url.rstrip('/')}/v1/transactions/batch" for url in urls]
        self.started_at = 0.0

    async def run(self, shots: Sequence[Shot]) -> list[Landing]:
        """Send everything at its time; returns when every answer is there, in the same order."""
        loop = asyncio.get_running_loop()
        with without_collector():
            self.started_at = loop.time() + LEAD_S
            landings = [Landing(self.started_at + shot.after_s) for shot in shots]
            tasks = []
            for shot, landing in zip(shots, landings, strict=True):
                if (wait_s := landing.intended_at - loop.time()) > 0:
                    await asyncio.sleep(wait_s)
                tasks.append(asyncio.create_task(self._send(shot, landing)))
            await asyncio.gather(*tasks)
        return landings

    async def _send(self, shot: Shot, landing: Landing) -> None:
        landing.late_s = asyncio.get_running_loop().time() - landing.intended_at
        try:
            async with self._session.post(
                self._urls[shot.node], data=shot.batch.body, headers=_HEADERS
            ) as response:
                landing.status = response.status
                data = await response.read()
                if response.status < 300:
                    landing.counts = _decode(data)
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError):
            landing.status = 0


@contextmanager
def without_collector() -> Iterator[None]:
    """No pauses of the garbage collector while time counts."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def make_session() -> aiohttp.ClientSession:
    """A session without a cap on connections, which would turn the loop into a closed one."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S),
    )
