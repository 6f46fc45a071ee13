"""Benchmarks beside each other: what grows with the number of validators, and how engines differ.

Ratios say more than numbers: all networks ran on one machine, one after the other, and share
whatever else it did.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from node.load.benchmark import Report

READINGS: Mapping[str, Callable[[Report], float | None]] = {
    "tx_per_second": lambda report: report.full.tx_per_second,
    "p50_ms": lambda report: report.full.latency_ms["p50"],
    "p95_ms": lambda report: report.full.latency_ms["p95"],
    "p99_ms": lambda report: report.full.latency_ms["p99"],
    "messages": lambda report: report.traffic.messages,
    "bytes": lambda report: report.traffic.bytes,
    "engine_per_height": lambda report: sum(report.traffic.engine_per_height.values()),
    "cpu_seconds_per_1000": lambda report: report.profile.cpu_seconds_per_1000,
}
"""What is compared; messages, bytes and processor time are those of all nodes together."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One network's readings: as they are, over the engine's smallest network, over the first engine.

    A ratio is None where there is nothing to divide by.
    """

    engine: str
    nodes: int
    readings: dict[str, float | None]
    growth: dict[str, float | None]
    versus: dict[str, float | None]


def compare(reports: Sequence[Report]) -> list[Comparison]:
    """One comparison for each report, in their order."""
    return [
        Comparison(
            engine=report.engine,
            nodes=report.nodes,
            readings=read(report),
            growth=divide(read(report), read(find_smallest(reports, report.engine))),
            versus=divide(read(report), read(find_first(reports, report.nodes))),
        )
        for report in reports
    ]


def read(report: Report) -> dict[str, float | None]:
    """All that is compared."""
    return {name: reading(report) for name, reading in READINGS.items()}


def find_smallest(reports: Sequence[Report], engine: str) -> Report:
    """The smallest network of an engine."""
    return min((one for one in reports if one.engine == engine), key=lambda one: one.nodes)


def find_first(reports: Sequence[Report], nodes: int) -> Report:
    """The first network of that size: the engine that was named first."""
    return next(one for one in reports if one.nodes == nodes)


def divide(
    readings: Mapping[str, float | None], base: Mapping[str, float | None]
) -> dict[str, float | None]:
    """Each reading as a multiple of the same one of the base."""
    return {
        name: round(value / below, 3) if value is not None and (below := base[name]) else None
        for name, value in readings.items()
    }
