"""Where the processor time of a transaction goes: stages that add up to all there is.

Per node: the stages that the nodes measure themselves, and `other`, the rest of the process's time.
Per machine: nodes, the load generator, and what is left (other processes, the kernel, idle cores).
"""

import asyncio
import os
import resource
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from node.client import Client
from node.load.traffic import Traffic, sum_traffic
from node.samples import Samples


class Consumption(msgspec.Struct, frozen=True):
    """What was used up to a moment, in seconds of processor time; `at` is the clock's."""

    at: float
    stages: list[Mapping[str, float]]
    processes: list[float]
    generator: float
    traffic: Traffic


async def read_consumption(clients: Sequence[Client]) -> Consumption:
    """Ask every node; raises `ClientError`."""
    texts = await asyncio.gather(*(client.metrics_text() for client in clients))
    samples = [Samples(text) for text in texts]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Consumption(
        time.monotonic(),
        [dict(one.by_label("quorate_stage_seconds_total", "stage")) for one in samples],
        [one.value("process_cpu_seconds_total") for one in samples],
        usage.ru_utime + usage.ru_stime,
        sum_traffic(samples),
    )


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Microseconds of processor time per final transaction.

    The values of `stages_us` add up to `node_us`, the mean of all nodes; `nodes` times that,
    `generator_us` and `rest_us` add up to `machine_us`, which is cores times elapsed time.
    """

    transactions: int
    nodes: int
    stages_us: dict[str, float]
    node_us: float
    generator_us: float
    rest_us: float
    machine_us: float

    @property
    def cpu_seconds_per_1000(self) -> float:
        """Processor time of all nodes together for a thousand transactions."""
        return round(self.node_us * self.nodes / 1000, 4)

    def to_plain(self) -> dict[str, Any]:
        """For JSON."""
        return msgspec.structs.asdict(self)


def compute_profile(before: Consumption, after: Consumption, transactions: int) -> Profile:
    """What was used between two moments, per transaction."""
    nodes = len(after.processes)
    scale = 1e6 / max(transactions, 1)
    names = {name: None for stages in after.stages for name in stages}
    stages = {
        name: sum(
            late.get(name, 0.0) - early.get(name, 0.0)
            for early, late in zip(before.stages, after.stages, strict=True)
        )
        / nodes
        for name in names
    }
    node = (sum(after.processes) - sum(before.processes)) / nodes
    generator = after.generator - before.generator
    machine = (os.cpu_count() or 1) * (after.at - before.at)
    stages["other"] = node - sum(stages.values())
    return Profile(
        transactions=transactions,
        nodes=nodes,
        stages_us={name: round(seconds * scale, 2) for name, seconds in stages.items()},
        node_us=round(node * scale, 2),
        generator_us=round(generator * scale, 2),
        rest_us=round((machine - nodes * node - generator) * scale, 2),
        machine_us=round(machine * scale, 2),
    )
