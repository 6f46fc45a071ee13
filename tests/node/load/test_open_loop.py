from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from node.load.heights import Heights
from node.load.open_loop import Counts, OpenLoop, Shot, make_session
from node.load.signing import SignedBatch


class Recorder:
    """A server that notes bodies, answers with what it is told, and has a final height."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.status = 200
        self.height = 0

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        answer = {"accepted": 2, "known": 1, "rejected": 1, "results": [{"outcome": "accepted"}]}
        return web.json_response(answer, status=self.status)

    async def tell(self, request: web.Request) -> web.Response:
        return web.json_response({"final_height": self.height, "name": "whatever"})

    async def show(self, request: web.Request) -> web.Response:
        height = int(request.match_info["height"])
        return web.json_response({"height": height, "transactions": ["ab" * 32] * height})


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def url(recorder: Recorder) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v1/transactions/batch", recorder.take)
    app.router.add_get("/v1/status", recorder.tell)
    app.router.add_get("/v1/blocks/{height}", recorder.show)
    async with TestServer(app) as server:
        yield str(server.make_url(""))


def make_shots(count: int, spacing_s: float) -> list[Shot]:
    return [
        Shot(SignedBatch(f"body {number}".encode(), b""), 0, number * spacing_s)
        for number in range(count)
    ]


async def test_batches_leave_at_their_times_and_the_counts_are_read(
    recorder: Recorder, url: str
) -> None:
    async with make_session() as session:
        landings = await OpenLoop(session, [url]).run(make_shots(3, 0.03))
    assert recorder.bodies == [b"body 0", b"body 1", b"body 2"]
    assert {landing.counts for landing in landings} == {Counts(2, 1, 1)}
    gaps = [landings[i + 1].intended_at - landings[i].intended_at for i in range(2)]
    assert gaps == [pytest.approx(0.03), pytest.approx(0.03)]
    assert all(0 <= landing.late_s < 0.5 for landing in landings)


async def test_a_refused_batch_has_a_status_and_no_counts(recorder: Recorder, url: str) -> None:
    recorder.status = 429
    async with make_session() as session:
        (landing,) = await OpenLoop(session, [url]).run(make_shots(1, 0))
    assert (landing.status, landing.counts) == (429, Counts())


async def test_a_batch_without_an_answer_has_status_zero(unused_tcp_port: int) -> None:
    async with make_session() as session:
        loop = OpenLoop(session, [f"http://127.0.0.1:{unused_tcp_port}"])
        (landing,) = await loop.run(make_shots(1, 0))
    assert landing.status == 0


async def test_heights_are_dated_and_blocks_are_read(recorder: Recorder, url: str) -> None:
    async with make_session() as session:
        heights = Heights(session, [url, url])
        assert heights.lowest() == -1
        recorder.height = 3
        heights.start()
        while heights.lowest() < 3:
            assert heights.reached_at(4) is None
            await heights.read_height(0)
        first = heights.reached_at(1)
        recorder.height = 7
        while heights.lowest() < 7:
            await heights.read_height(0)
        await heights.close()
        assert first is not None
        assert heights.reached_at(3) == first
        later = heights.reached_at(7)
        assert later is not None
        assert later > first
        assert heights.reached_at(5) == later
        assert await heights.read_ids(2) == [b"\xab" * 32] * 2


async def test_a_silent_node_has_no_height(unused_tcp_port: int) -> None:
    async with make_session() as session:
        heights = Heights(session, [f"http://127.0.0.1:{unused_tcp_port}"])
        assert await heights.read_height(0) is None
        assert await heights.read_ids(1) == []
