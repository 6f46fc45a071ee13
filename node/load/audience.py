"""Whoever watches a network: a Prometheus, somebody with an explorer open, a subscriber of events.

A process of its own, so that its work is not the load generator's:
`python -m node.load.audience WAY[,WAY…] URL…`. It says `ready` on a line, watches until its standard input ends, and says what it has seen as JSON.
"""

import asyncio
import enum
import sys
from collections.abc import Sequence

import aiohttp
import msgspec

SCRAPE_S = 5.0
PAGE_S = 2.0
READ_BYTES = 64 * 1024
READY = "ready"


class Way(enum.StrEnum):
    """How a network is watched."""

    METRICS = "metrics"
    PAGES = "pages"
    EVENTS = "events"


EVERY_WAY = tuple(Way)


class Attendance(msgspec.Struct):
    """What an audience has seen: pages of metrics and of the explorer, and bytes of events.

    A node that serves no explorer, or no events, shows none.
    """

    scrapes: int = 0
    pages: int = 0
    event_bytes: int = 0
    failures: int = 0


class Audience:
    """Watches the nodes at `urls` until it is cancelled; page and events are the first node's."""

    def __init__(self, session: aiohttp.ClientSession, urls: Sequence[str]) -> None:
        self._session = session
        self._urls = [url.rstrip("/") for url in urls]
        self.seen = Attendance()

    async def watch(self, ways: Sequence[Way]) -> None:
        """All at once."""
        first = self._urls[0]
        async with asyncio.TaskGroup() as group:
            if Way.METRICS in ways:
                for number, url in enumerate(self._urls):
                    group.create_task(self._scrape(url, number * SCRAPE_S / len(self._urls)))
            if Way.PAGES in ways:
                group.create_task(self._look(first))
            if Way.EVENTS in ways:
                group.create_task(self._listen(first))

    async def _scrape(self, url: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        while True:
            self.seen.scrapes += await self._read(f"{url}/metrics", "text/plain")
            await asyncio.sleep(SCRAPE_S)

    async def _look(self, url: str) -> None:
        while True:
            self.seen.pages += await self._read(f"{url}/", "text/html")
            await asyncio.sleep(PAGE_S)

    async def _read(self, url: str, kind: str) -> bool:
        """Was there an answer of the kind that was asked for."""
        try:
            async with self._session.get(url, headers={"Accept": kind}) as reply:
                await reply.read()
                return reply.status == 200 and reply.content_type == kind
        except (aiohttp.ClientError, TimeoutError):
            self.seen.failures += 1
            return False

    async def _listen(self, url: str) -> None:
        """Everything that happens, as it comes; a stream that ends is taken up again."""
        headers = {"Accept": "text/event-stream"}
        endless = aiohttp.ClientTimeout(total=None)
        while True:
            try:
                async with self._session.get(
                    f"{url}/v1/events", headers=headers, timeout=endless
                ) as reply:
                    if reply.status == 404:
                        return
                    async for data in reply.content.iter_chunked(READ_BYTES):
                        self.seen.event_bytes += len(data)
            except (aiohttp.ClientError, TimeoutError):
                self.seen.failures += 1
            await asyncio.sleep(PAGE_S)


async def attend(ways: Sequence[Way], urls: Sequence[str]) -> Attendance:
    """Watch until standard input ends."""
    async with aiohttp.ClientSession() as session:
        audience = Audience(session, urls)
        watching = asyncio.create_task(audience.watch(ways))
        sys.stdout.write(READY + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        return audience.seen


if __name__ == "__main__":
    asked = [Way(word) for word in sys.argv[1].split(",")]
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(attend(asked, sys.argv[2:]))))
