"""What people see: the table, the pace, the reports; and waiting that can be called off."""

import asyncio
import io

import pytest
from rich.console import Console

from node.testnet.meters import Meters, Pace, Reading, compute_pace
from node.testnet.reports import NodeReport, count_forks
from node.testnet.table import make_table, show
from node.testnet.waiting import finish_unless
from tests.node.fake_network import FakeClient, FakeNetwork, unreachable

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


async def test_forks_are_the_worst_that_a_node_tells() -> None:
    quiet = MetricsClient("quorate_head_height 5.0\n")
    forked = MetricsClient(
        "quorate_stale_blocks_total 2.0\nquorate_blocks_adopted_total 8.0\n"
        "quorate_deepest_reorganisation 3.0\n"
    )
    silent = MetricsClient("")
    silent.faults = [unreachable()]
    none = {"stale_blocks": 0, "fork_rate": 0.0, "deepest_reorganisation": 0}
    assert await count_forks([quiet, silent]) == none
    assert await count_forks([quiet, forked]) == {
        "stale_blocks": 2,
        "fork_rate": 0.2,
        "deepest_reorganisation": 3,
    }


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
