"""Benchmarks beside each other: growth with the size, and engines against the first one."""

from typing import Any

from node.cli.bench import list_plans, print_comparison
from node.load.benchmark import Report
from node.load.comparison import READINGS, compare
from node.load.measure import Measurement
from node.load.profile import Profile
from node.load.traffic import TrafficShare


def make_report(engine: str, nodes: int, scale: float, **latency_ms: Any) -> Report:
    measurement = Measurement(
        offered_per_second=100.0, seconds=1.0, sent=100, accepted=100, refused=0, unanswered=0,
        final=100, tx_per_second=100.0 * scale, drain_seconds=0.0,
        latency_ms={"p50": 10.0 * scale, "p95": 20.0, "p99": 0.0} | latency_ms,
        generator_late_ms_p99=0.0, blocks=10, transactions_per_block=10.0,
    )  # fmt: skip
    profile = Profile(
        transactions=100, nodes=nodes, stages_us={}, node_us=500.0 * scale, generator_us=0.0,
        rest_us=0.0, machine_us=0.0,
    )  # fmt: skip
    traffic = TrafficShare(
        messages=3.0 * scale, bytes=900.0, messages_by_kind={}, bytes_by_kind={}, heights=10,
        engine_per_height={"Accept": 2.0 * scale, "Accepted": 2.0 * scale}, formula={"Accept": 2},
    )  # fmt: skip
    return Report(
        engine=engine, nodes=nodes, batch_size=10, accounts=4, durability="", event_loop="",
        machine={}, commit=None, verifications_per_second=1.0, signature_limit=1.0, ratio=1.0,
        full=measurement, half=None, profile=profile, traffic=traffic,
    )  # fmt: skip


REPORTS = [
    make_report("paxos", 4, 1),
    make_report("pbft", 4, 3),
    make_report("paxos", 7, 2, p95=None),
    make_report("pbft", 7, 12),
]


def test_sizes_are_compared_with_the_smallest_and_engines_with_the_first() -> None:
    paxos4, pbft4, paxos7, pbft7 = compare(REPORTS)
    assert [(one.engine, one.nodes) for one in (paxos4, pbft7)] == [("paxos", 4), ("pbft", 7)]
    assert paxos4.readings["engine_per_height"] == 4.0
    assert paxos4.readings["cpu_seconds_per_1000"] == 2.0
    assert (paxos7.growth["messages"], pbft7.growth["messages"]) == (2.0, 4.0)
    assert (paxos7.versus["messages"], pbft7.versus["messages"]) == (1.0, 6.0)
    assert pbft4.versus["p50_ms"] == 3.0
    assert pbft7.growth["cpu_seconds_per_1000"] == 7.0


def test_what_cannot_be_divided_has_no_ratio() -> None:
    paxos4, _, paxos7, _ = compare(REPORTS)
    assert paxos4.growth["p99_ms"] is None
    assert paxos7.growth["p95_ms"] is None
    assert set(paxos7.growth) == set(READINGS)


def test_at_each_size_the_engines_follow_each_other() -> None:
    plans = list_plans(["paxos", "pbft"], [4, 7], 27_000)
    networks = [(plan.validators, plan.engine) for plan in plans]
    assert networks == [(4, "paxos"), (4, "pbft"), (7, "paxos"), (7, "pbft")]


def test_everything_is_shown(capsys: Any) -> None:
    print_comparison(REPORTS, compare(REPORTS))
    shown = capsys.readouterr().out
    for words in ("all nodes together", "smallest network", "multiple of paxos", "Accepted"):
        assert words in shown
