"""What watching costs: the audience sees what there is, and ratios are those of one round."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from node.config import load_config
from node.load import audience as module
from node.load.audience import EVERY_WAY, Attendance, Audience
from node.load.overhead import (
    Contestant,
    Half,
    OverheadReport,
    Round,
    Turn,
    describe_half,
    watching,
)
from node.testnet.network import create_network
from node.testnet.plan import Plan
from tests.node.support import until


def make_turn(tx_per_second: float, cpu: float = 2.0, seen: Attendance | None = None) -> Turn:
    return Turn(
        tx_per_second=tx_per_second,
        p50_ms=None,
        cpu_seconds_per_1000=cpu,
        final=10,
        sent=10,
        audience=seen,
    )


def make_round(*pairs: tuple[float, float]) -> Round:
    one, other = (
        Half(watched=make_turn(watched, 3.0), alone=make_turn(alone)) for watched, alone in pairs
    )
    return Round(halves=(one, other))


def make_report(*rounds: Round) -> OverheadReport:
    return OverheadReport(
        engine="pbft",
        nodes=4,
        ways=EVERY_WAY,
        offered_per_second=1.0,
        machine={},
        commit=None,
        rounds=list(rounds),
    )


def test_the_ratio_is_the_median_of_what_each_round_came_to() -> None:
    report = make_report(
        make_round((90, 100), (90, 100)),
        make_round((1, 10), (1, 10)),
        make_round((500, 505), (500, 505)),
    )
    assert [one.ratio for one in report.rounds] == [0.9, 0.1, 0.9901]
    assert (report.ratio, report.cpu_ratio) == (0.9, 1.5)
    plain = msgspec.json.decode(msgspec.json.encode(report.to_plain()))
    assert plain["ratio"] == 0.9
    assert plain["rounds"][1]["ratio"] == 0.1
    assert plain["rounds"][1]["halves"][0]["watched"]["tx_per_second"] == 1


def test_a_network_that_is_quicker_of_itself_changes_no_ratio() -> None:
    """One takes 200 alone, the other 100; watching costs either a tenth."""
    assert make_round((180, 100), (90, 200)).ratio == 0.9


def test_half_a_round_is_told_with_what_its_audience_saw() -> None:
    seen = Attendance(scrapes=8, pages=3, event_bytes=12_345)
    told = describe_half(Half(watched=make_turn(950, seen=seen), alone=make_turn(1_000)))
    for words in ("950 tx/s", "8 scrapes, 3 pages, 12,345 bytes", "1,000 alone: 0.950"):
        assert words in told


def test_a_network_is_dressed_for_either_role(tmp_path: Path) -> None:
    contestant = Contestant(create_network(tmp_path / "net", Plan(validators=2)))
    for is_counting in (False, True, False):
        contestant.dress(is_counting=is_counting)
        configs = [load_config(member.home) for member in contestant.network.members]
        assert [config.metrics.enabled for config in configs] == [is_counting] * 2
        assert [config.events.enabled for config in configs] == [is_counting] * 2


class Stage:
    """A node as far as an audience looks."""

    def __init__(self) -> None:
        self.has_explorer = self.has_events = True

    async def open(self) -> tuple[web.AppRunner, str]:
        app = web.Application()
        app.router.add_get("/metrics", self.metrics)
        app.router.add_get("/", self.index)
        app.router.add_get("/v1/events", self.events)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        return runner, f"http://{host}:{port}"

    async def metrics(self, _request: web.Request) -> web.Response:
        return web.Response(text="quorate_peers 1\n")

    async def index(self, _request: web.Request) -> web.Response:
        kind = "text/html" if self.has_explorer else "application/json"
        return web.Response(text="{}", content_type=kind)

    async def events(self, request: web.Request) -> web.StreamResponse:
        if not self.has_events:
            raise web.HTTPNotFound
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        return response


@pytest.fixture
async def stage() -> AsyncIterator[tuple[Stage, str]]:
    made = Stage()
    runner, url = await made.open()
    yield made, url
    await runner.cleanup()


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SCRAPE_S", 0.01)
    monkeypatch.setattr(module, "PAGE_S", 0.01)


async def attend(url: str, scrapes: int) -> Attendance:
    """What is seen until so many scrapes."""
    async with aiohttp.ClientSession() as session:
        audience = Audience(session, [url, url])
        task = asyncio.create_task(audience.watch(EVERY_WAY))
        await until(lambda: audience.seen.scrapes >= scrapes)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return audience.seen


@pytest.mark.usefixtures("_quick")
async def test_the_audience_scrapes_looks_and_listens(stage: tuple[Stage, str]) -> None:
    seen = await attend(stage[1], 40)
    assert seen.pages > 0
    assert seen.event_bytes >= len(b"data: 1\n\n") * 2, "a stream that ended is taken up again"
    assert seen.failures == 0


@pytest.mark.usefixtures("_quick")
async def test_what_a_node_does_not_serve_is_not_counted(stage: tuple[Stage, str]) -> None:
    stage[0].has_explorer = stage[0].has_events = False
    seen = await attend(stage[1], 10)
    assert (seen.pages, seen.event_bytes, seen.failures) == (0, 0, 0)


@pytest.mark.usefixtures("_quick")
async def test_a_node_that_is_gone_is_tried_again(stage: tuple[Stage, str]) -> None:
    async with aiohttp.ClientSession() as session:
        audience = Audience(session, ["http://127.0.0.1:1"])
        task = asyncio.create_task(audience.watch(EVERY_WAY))
        await until(lambda: audience.seen.failures >= 6)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert audience.seen.scrapes == 0


@pytest.mark.cluster
async def test_its_process_ends_with_the_measurement(stage: tuple[Stage, str]) -> None:
    async with watching(EVERY_WAY, [stage[1]]) as seen:
        assert not seen.done()
    attendance = msgspec.json.decode(await seen, type=Attendance)
    assert attendance.failures == 0
