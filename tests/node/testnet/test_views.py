"""What people see: the table, the pace, the reports; and waiting that can be called off."""

import asyncio
import io
import json

import msgspec
import pytest
from msgspec.structs import replace
from rich.console import Console

from node.api.node_models import BranchAnswer, EngineAnswer, ForksAnswer
from node.testnet.forks import ForkReport, count_forks, report_forks
from node.testnet.meters import Meters, Pace, Reading, compute_pace
from node.testnet.reports import NodeReport
from node.testnet.table import make_table, show
from node.testnet.waiting import finish_unless
from tests.node.fake_network import FakeClient, FakeNetwork, make, unreachable

REPORT = NodeReport(
    index=0, name="validator-0", role="validator", url="http://127.0.0.1:27001", state="ready",
    head=1_234, final_height=1_234, peers=3, view=2, pending=7,
)  # fmt: skip
DOWN = NodeReport(index=1, name="validator-1", role="validator", url="http://x", state="down")


class MetricsClient(FakeClient):
    """Serves fixed metrics."""

    def __init__(self, text: str) -> None:
        super().__init__(FakeNetwork({}))
        self.text = text

    async def metrics_text(self) -> str:
        self._fail()
        return self.text


def draw(*details: object) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(make_table(*details))  # type: ignore[arg-type]
    return console.export_text()


def test_a_table_shows_every_node_and_fits_in_80_columns() -> None:
    shown = draw([REPORT, DOWN])
    for text in ("validator-0", "ready", "1,234", "http://127.0.0.1:27001", "down", "–"):
        assert text in shown
    assert "7" in shown
    live = draw([REPORT, DOWN], [Pace(12.345, 45.6), Pace()])
    for text in ("12.3", "45.6", "http://127.0.0.1:27001", "tx/s", "ms"):
        assert text in live


def test_numbers_for_people() -> None:
    assert [show(None), show(0), show(1234567), show(1.25, 1)] == ["–", "0", "1,234,567", "1.2"]


def test_the_pace_is_what_happened_between_two_readings() -> None:
    before, now = Reading(1.0, 100.0, 10.0, 50.0), Reading(3.0, 140.0, 14.0, 60.0)
    assert compute_pace(before, now) == Pace(20.0, 400.0)
    assert compute_pace(None, now) == compute_pace(before, None) == Pace()
    assert compute_pace(now, before) == Pace()
    assert compute_pace(now, now._replace(at=4.0)) == Pace(0.0, None)


async def test_meters_survive_a_node_that_is_down() -> None:
    client = MetricsClient('quorate_transactions_total{outcome="final"} 5.0\n')
    meters = Meters([client])
    assert await meters.read() == [Pace()]
    client.faults = [unreachable()]
    assert await meters.read() == [Pace()]
    assert await meters.read() == [Pace()]
    (pace,) = await meters.read()
    assert pace.tx_per_second == 0.0


class EngineClient(FakeClient):
    """Serves what an engine tells of forks."""

    def __init__(self, forks: ForksAnswer | None) -> None:
        super().__init__(FakeNetwork({}))
        self.forks = forks

    async def engine(self) -> EngineAnswer:
        self._fail()
        return make(EngineAnswer, forks=self.forks)


def make_forks(height: int, stale: int, rate: float, depths: dict[str, int]) -> ForksAnswer:
    heights = (height, height - 2)
    branches = [make(BranchAnswer, height=one) for one in heights]
    return make(
        ForksAnswer,
        branches=branches,
        stale_blocks=stale,
        fork_rates={"100": 0.9, "1000": rate},
        reorganisations=depths,
        difficulty="512",
        hash_rate_per_s=float(height),
        interval_ms=2_000.0,
        finality_ms=None,
    )


async def test_forks_are_the_worst_that_a_node_tells() -> None:
    quiet = EngineClient(make_forks(9, 0, 0.0, {}))
    forked = EngineClient(make_forks(8, 2, 0.2, {"1": 4, "3": 1}))
    silent = EngineClient(None)
    silent.faults = [unreachable()]
    assert await count_forks([quiet, silent, forked]) == {
        "stale_blocks": 2,
        "fork_rate": 0.2,
        "deepest_reorganisation": 3,
        "reorganisations": 5,
        "difficulty": 512,
        "hash_rate_per_s": 9.0,
        "interval_ms": 2_000.0,
        "finality_ms": None,
    }


async def test_decisions_that_are_final_at_once_have_no_forks() -> None:
    none = {"stale_blocks": 0, "fork_rate": 0.0, "deepest_reorganisation": 0}
    assert await count_forks([EngineClient(None)]) == none


def test_where_heads_move_the_table_tells_of_it() -> None:
    forks = report_forks(make_forks(8, 71, 0.2, {"1": 4, "3": 1}))
    assert forks is not None
    assert (forks.heights, forks.deepest_reorganisation) == ((8, 6), 3)
    shown = draw([msgspec.structs.replace(REPORT, forks=forks), DOWN])
    assert "forks" in shown
    assert "view" not in shown
    assert "71/5" in shown


async def test_work_is_finished_unless_it_is_called_off() -> None:
    async def work() -> int:
        return 5

    event = asyncio.Event()
    assert await finish_unless(event, work()) == 5
    ended = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    asyncio.get_running_loop().call_soon(event.set)
    await finish_unless(event, endless())
    assert ended == [True]


async def test_what_the_work_raises_comes_out() -> None:
    async def work() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await finish_unless(asyncio.Event(), work())


def test_a_report_is_json_with_all_that_is_in_it() -> None:
    forks = ForkReport(
        stale_blocks=1, fork_rate=0.25, reorganisations=1, deepest_reorganisation=2,
        heights=(5, 3), difficulty=1_000, hash_rate_per_s=None, interval_ms=2.5, finality_ms=None,
    )  # fmt: skip
    plain = json.loads(json.dumps(replace(REPORT, forks=forks).to_plain()))
    assert (plain["name"], plain["alarms"], plain["forks"]["heights"]) == (
        "validator-0",
        [],
        [5, 3],
    )
    assert json.loads(json.dumps(DOWN.to_plain()))["forks"] is None
