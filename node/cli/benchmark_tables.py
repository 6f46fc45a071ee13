"""A benchmark's report for people."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table

from node.load.benchmark import Report
from node.load.comparison import Comparison
from node.load.measure import Measurement
from node.load.profile import Profile
from node.testnet.table import show


def make_report_table(reports: list[Report]) -> Table:
    """One line per measurement."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("nodes, rate", no_wrap=True)
    for name in ("offered", "tx/s", "p50 ms", "p95 ms", "p99 ms", "tx/block", "of limit"):
        table.add_column(name, justify="right")
    for report in reports:
        rows: list[tuple[str, Measurement | None]] = [("full", report.full), ("half", report.half)]
        for name, measurement in rows:
            if measurement is not None:
                table.add_row(
                    f"{report.nodes}, {name}" + ("" if measurement.is_sustained else " (failed)"),
                    show(measurement.offered_per_second),
                    show(measurement.tx_per_second),
                    *(show(measurement.latency_ms[name]) for name in ("p50", "p95", "p99")),
                    show(measurement.transactions_per_block),
                    f"{measurement.tx_per_second / report.signature_limit:.3f}",
                )
    return table


def make_profile_table(profile: Profile) -> Table:
    """Stages that add up to the node, nodes that add up to the machine."""
    title = f"µs of processor time per transaction, mean of {profile.nodes} nodes"
    table = Table(title=title, box=box.SIMPLE_HEAD)
    table.add_column("stage")
    table.add_column("µs", justify="right")
    for name, value in sorted(profile.stages_us.items(), key=lambda item: -item[1]):
        table.add_row(name, show(value, 1))
    table.add_section()
    table.add_row("one node, all stages", show(profile.node_us, 1))
    table.add_row(f"× {profile.nodes} nodes", show(profile.node_us * profile.nodes, 1))
    table.add_row("load generator", show(profile.generator_us, 1))
    table.add_row("idle and everything else", show(profile.rest_us, 1))
    table.add_row("cores × time", show(profile.machine_us, 1))
    return table


COLUMNS = {
    "tx_per_second": ("tx/s", 0),
    "p50_ms": ("p50 ms", 0),
    "p95_ms": ("p95 ms", 0),
    "p99_ms": ("p99 ms", 0),
    "messages": ("msg/tx", 2),
    "bytes": ("B/tx", 0),
    "engine_per_height": ("msg/block", 1),
    "cpu_seconds_per_1000": ("CPU s/1k", 2),
}
"""How each reading of a comparison is headed, and with how many digits it is shown.

Messages of all kinds per transaction, the engine's own per height.
"""


def make_comparison_table(compared: Sequence[Comparison]) -> Table:
    """One line per network: what it did, and what all its nodes together took for it."""
    table = make_networks_table("all nodes together (1k: a thousand transactions)")
    for one in compared:
        cells = (show(one.readings[name], digits) for name, (_, digits) in COLUMNS.items())
        table.add_row(one.engine, str(one.nodes), *cells)
    return table


def make_ratio_table(
    title: str, ratios: Mapping[tuple[str, int], Mapping[str, float | None]]
) -> Table:
    """One line per network: its readings divided by those of another one."""
    table = make_networks_table(title)
    for (engine, nodes), ratio in ratios.items():
        table.add_row(engine, str(nodes), *(show(ratio[name], 2) for name in COLUMNS))
    return table


def make_networks_table(title: str) -> Table:
    """Without its lines."""
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("engine", no_wrap=True)
    for heading in ("n", *(heading for heading, _ in COLUMNS.values())):
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def make_traffic_table(reports: Sequence[Report]) -> Table:
    """The engines' messages per height, by kind, as measured and by formula."""
    table = Table(title="messages per height", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("engine", "n", "kind", "measured", "formula"):
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    for report in reports:
        traffic = report.traffic
        for kind in sorted(traffic.engine_per_height.keys() | traffic.formula.keys()):
            table.add_row(
                report.engine,
                str(report.nodes),
                kind,
                show(traffic.engine_per_height.get(kind, 0.0), 2),
                show(traffic.formula.get(kind)),
            )
        table.add_section()
    return table


def describe_setting(report: Report) -> str:
    """What a number means nothing without."""
    machine = report.machine
    return (
        f"engine {report.engine}, batches of {report.batch_size}, {report.accounts} accounts,"
        f" {report.durability}; {machine['processor']}, {machine['cores']} cores,"
        f" Python {machine['python']}, event loop {report.event_loop}, commit {report.commit};"
        f" {report.verifications_per_second:,.0f} verifications/s, signature limit"
        f" {report.signature_limit:,.0f} tx/s with {report.nodes} nodes"
    )
