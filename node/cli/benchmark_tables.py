"""A benchmark's report for people."""

from rich import box
from rich.table import Table

from node.load.benchmark import Report
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
