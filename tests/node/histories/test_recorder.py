"""Recording: what is certain and what is open are kept apart, and what clients see is judged."""

import asyncio
from itertools import pairwise

import pytest

from node.api.backend import Freshness
from node.client import Client
from node.histories import recorder as recorder_module
from node.histories.check import Report, check_history
from node.histories.errors import HistoryError
from node.histories.operation import Operation
from node.histories.recorder import Plan, Recorder
from node.histories.search import Verdict
from tests.node.histories.replicas import serve
from tests.node.support import until

SECONDS = 1.0


async def record(clients: list[Client], plan: Plan) -> tuple[list[Operation], Recorder]:
    operations: list[Operation] = []
    recorder = Recorder(clients, plan)
    await recorder.prepare()
    await recorder.run(operations.append)
    return operations, recorder


def judge(operations: list[Operation]) -> Report:
    """The check, and what is true of every recording."""
    written = [one.value for one in operations if not one.is_read]
    assert len(set(written)) == len(written)
    by_client: dict[int, list[Operation]] = {}
    for one in operations:
        by_client.setdefault(one.client, []).append(one)
    by_client.pop(max(by_client))  # the last reads, which are all at once
    for own in by_client.values():
        ends = [(one.invoked_us, one.completed_us or one.invoked_us) for one in own]
        assert all(end <= begin + 1 for (_, end), (begin, _) in pairwise(ends))
    return check_history(operations)


async def test_a_calm_network_is_linearizable() -> None:
    async with serve() as (clients, _):
        operations, recorder = await record(clients, Plan(seconds=SECONDS))
    report = judge(operations)
    assert report.verdict is Verdict.LINEARIZABLE
    assert (report.failed, report.indefinite, report.registers) == (0, 0, 4)
    assert recorder.outcomes == {"succeeded": len(operations)}
    assert {one.node for one in operations} == {"node 0", "node 1", "node 2"}
    last = [one for one in operations if one.client == Plan().clients]
    assert sorted(one.key for one in last) == ["r0", "r1", "r2", "r3"]
    assert report.writes > 20


async def test_failures_are_certain_or_open_and_never_confused() -> None:
    async with serve(faults=8) as (clients, _):
        operations, recorder = await record(clients, Plan(seconds=2 * SECONDS, registers=2))
    report = judge(operations)
    assert report.verdict is Verdict.LINEARIZABLE
    assert report.indefinite > 0
    assert {"failed: node-stopping", "failed: read-unconfirmed", "open: indefinite"} <= set(
        recorder.outcomes
    )
    reads = {one.value for one in operations if one.is_read and one.is_definite}
    refused = {one.value for one in operations if one.failed and not one.is_read}
    unclear = {one.value for one in operations if one.completed_us is None}
    assert refused
    assert not refused & reads
    assert unclear & reads, "some open writes took effect"


@pytest.mark.parametrize(
    ("is_honest", "is_linearizable"), [(True, False), (False, True)], ids=["local", "lying"]
)
async def test_stale_reads_are_found(is_honest: bool, is_linearizable: bool) -> None:
    async with serve(is_honest=is_honest) as (clients, _):
        plan = Plan(seconds=SECONDS, is_linearizable=is_linearizable)
        operations, _ = await record(clients, plan)
    report = judge(operations)
    assert report.verdict is Verdict.VIOLATED
    witness = report.keys[0].witness
    assert witness is not None
    assert 2 <= len(witness.operations) <= 6


async def test_a_write_that_is_stopped_half_way_is_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder_module, "AGAIN_S", 0.01)
    async with serve(faults=30) as (clients, nodes):
        await record(clients, Plan(clients=2, registers=1, seconds=SECONDS))
        assert nodes[0].order.waiting == {}


async def test_recording_can_be_stopped() -> None:
    async with serve() as (clients, _):
        recorder = Recorder(clients, Plan(seconds=60))
        await recorder.prepare()
        operations: list[Operation] = []
        running = asyncio.create_task(recorder.run(operations.append))
        await until(lambda: len(operations) >= 10)
        recorder.stop()
        await asyncio.wait_for(running, 10)
    assert judge(operations).verdict is Verdict.LINEARIZABLE


async def test_nobody_answers() -> None:
    async with Client("http://127.0.0.1:1") as client:
        with pytest.raises(HistoryError) as caught:
            await Recorder([client], Plan()).prepare()
    assert caught.value.reason == "no-node-answers"


@pytest.mark.parametrize("freshness", [Freshness.UNSUPPORTED, Freshness.NOT_A_VOTER])
async def test_who_never_confirms_reads_is_not_recorded(freshness: Freshness) -> None:
    async with serve() as (clients, nodes):
        nodes[2].freshness = freshness
        with pytest.raises(HistoryError) as caught:
            await Recorder(clients, Plan()).prepare()
        assert caught.value.reason == freshness.value
        await Recorder(clients, Plan(is_linearizable=False)).prepare()


async def test_the_last_reads_have_to_be_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "SETTLE_S", 0.1)
    monkeypatch.setattr(recorder_module, "AGAIN_S", 0.01)
    async with serve() as (clients, nodes):
        recorder = Recorder(clients, Plan(seconds=0.1))
        await recorder.prepare()
        for node in nodes:
            node.freshness = Freshness.UNCONFIRMED
        with pytest.raises(HistoryError) as caught:
            await recorder.run(lambda _: None)
    assert caught.value.reason == "no-last-read"
