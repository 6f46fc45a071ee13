"""All families there are, by engine, and the table of them for people."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from prometheus_client import Metric

from consensus import catalog
from consensus.engine_spec import EngineSpec
from node.core import Core
from node.measures.fork_readings import FORKS
from node.measures.readings import COUNTER_SUFFIX, DISK, ENGINE, LEDGER, MEMPOOL, PEERS, Reading
from node.metrics import Metrics
from node.mining.metrics import MiningCollector
from node.mining.miner import MiningAccount
from node.stages import Stages

READINGS: tuple[Reading, ...] = (*LEDGER, *MEMPOOL, *PEERS, *ENGINE, *DISK, *FORKS)
"""All that is read at the scrape."""

OPEN_LABELS = {
    "quorate_build_info": ("version", "engine", "network_name", "node_name", "python"),
    "quorate_http_requests_total": ("route", "method", "status"),
    "quorate_http_request_seconds": ("route",),
}
"""Labels of families whose values are not known before a node runs."""
FOREIGN = ("process_", "python_")
"""What the client library measures of the process and its interpreter."""
_SUFFIXES = {"counter": COUNTER_SUFFIX, "info": "_info"}


@dataclass(frozen=True, slots=True)
class Family:
    """One family as it stands in the table; `engines` are those that have it, in order."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str
    engines: tuple[str, ...] = ()


def describe_build(core: Core) -> dict[str, str]:
    """What runs here, as labels."""
    return {
        "version": version("quorate"),
        "engine": core.spec.name,
        "network_name": core.chain.genesis.name,
        "node_name": core.config.name,
        "python": platform.python_version(),
    }


def list_families() -> list[Family]:
    """Every family of every engine, in the order of their names."""
    found: dict[str, Family] = {}
    engines: dict[str, list[str]] = {}
    for name in catalog.names():
        for family in list_families_of(catalog.get(name)):
            found[family.name] = family
            engines.setdefault(family.name, []).append(name)
    return [
        Family(one.name, one.kind, one.labels, one.text, tuple(engines[one.name]))
        for _, one in sorted(found.items())
    ]


def list_families_of(spec: EngineSpec) -> Iterator[Family]:
    """The families of a node of one engine."""
    metrics = Metrics(spec)
    Stages(metrics.registry)
    if spec.tree is not None:
        MiningCollector(lambda: MiningAccount(0, 0, 0, 0.0, 0, 0), metrics.registry)
    for metric in metrics.registry.collect():
        if not metric.name.startswith(FOREIGN):
            yield describe(metric)
    for reading in READINGS:
        if reading.when(spec):
            label = (reading.label,) if reading.label else ()
            yield Family(reading.full_name, reading.kind, label, reading.text)


def describe(metric: Metric) -> Family:
    """A family from what a registry collects."""
    name = metric.name + _SUFFIXES.get(metric.type, "")
    names = {label: None for sample in metric.samples for label in sample.labels}
    labels = OPEN_LABELS.get(name) or tuple(label for label in names if label != "le")
    return Family(name, metric.type, labels, metric.documentation)


def make_table() -> str:
    """The table of all families, in Markdown; it ends in a line break."""
    rows = [
        f"| `{one.name}` | {one.kind} | {', '.join(one.labels) or '-'}"
        f" | {_name_engines(one.engines)} | {one.text} |"
        for one in list_families()
    ]
    return "\n".join(
        ["| name | type | labels | engines | meaning |", "|---|---|---|---|---|", *rows, ""]
    )


def _name_engines(engines: tuple[str, ...]) -> str:
    return "all" if engines == catalog.names() else ", ".join(engines)
