"""`quorate testnet run FILE`: a network, a load and a list of faults from a file; a report at the end."""

import json as json_lib
import os
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from node.cli.asynchronous import stop_on_signal
from node.cli.output import (
    EXIT_FAILURE,
    EXIT_USAGE,
    answers,
    fail,
    messages,
    print_json,
    print_line,
    print_pairs,
    say,
)
from node.cli.testnet_links import refusing
from node.manifests.account import PlayAccount, draw_up
from node.manifests.errors import ManifestError
from node.manifests.manifest import Manifest, make_schema
from node.manifests.page import write_report
from node.manifests.play import Play
from node.manifests.quantities import format_duration
from node.manifests.reading import read_manifest
from node.testnet.monitor_process import MonitorOptions
from node.testnet.network import Network, create_network
from node.testnet.ports import BASE_PORT
from node.testnet.run import Run, RunOptions

OUTCOME_STYLES = {"done": "", "met": "green", "failed": "bold red", "missed": "bold red"}


ManifestFile = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="A manifest in TOML.", show_default=False)
]
Report = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH", help="With FILE: write a page (.html) or the picture alone (.svg) there."
    ),
]
Check = Annotated[
    bool, typer.Option("--check", help="With FILE: say what would happen, and do nothing.")
]


class PlayOptions(NamedTuple):
    """What a command line adds to a manifest."""

    home: Path
    base_port: int | None
    log_level: str | None
    monitor: MonitorOptions | None
    report: Path | None
    json: bool
    is_checking: bool


async def play_file(path: Path, options: PlayOptions, *, is_said_twice: bool) -> None:
    """Read a manifest and play it in a new network; ends the command."""
    with refusing():
        if is_said_twice:
            raise ManifestError(
                "a manifest says all about the network and its load itself",
                reason="manifest-and-flags",
                advice="leave the flags out, or change the file",
            )
        check_report(options.report)
        manifest = read_manifest(path)
        if options.is_checking:
            print_script(manifest, json=options.json)
            return
        plan = manifest.make_plan(options.base_port or BASE_PORT)
        network = create_network(options.home, plan)
    await play_in(network, Play(manifest, path.parent, network, say), options)


async def play_in(network: Network, play: Play, options: PlayOptions) -> None:
    """Play to the end, tell how it went, and end the command."""
    manifest = play.manifest
    running_options = RunOptions(
        manifest.load.rate,
        manifest.duration / 1_000,
        log_level=options.log_level,
        monitor=options.monitor,
    )
    running = Run(network, running_options, messages, play)
    say(manifest.title or str(network.home))
    with stop_on_signal(running.stop):
        verdict = await running.run()
    if verdict is None:
        raise typer.Exit(EXIT_FAILURE)
    account = draw_up(play, verdict)
    if options.report is not None:
        write_report(options.report, play, account)
        say(f"report: {options.report}")
    if options.json:
        print_json(account.to_plain())
    else:
        print_account(account)
        print_line(f"home: {network.home}")
    raise typer.Exit(0 if account.is_good else EXIT_FAILURE)


def schema() -> None:
    """Print the JSON Schema of manifests, for editors: scripts/manifests/manifest.schema.json."""
    print_line(json_lib.dumps(make_schema(), indent=1))


def check_report(path: Path | None) -> None:
    """Better now than after the run: can the report be written."""
    if path is not None and not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        raise ManifestError(
            f"{path.parent} is no folder that can be written to",
            reason="report-unwritable",
            advice="make it, or name another path with --report",
        )


def check_no_manifest(report: Path | None, *, is_checking: bool) -> None:
    """Refuse what only goes with a manifest."""
    if report is not None or is_checking:
        refused = ManifestError(
            "--report and --check go with a manifest",
            reason="manifest-missing",
            advice="name one: quorate testnet run scripts/manifests/primary_crash.toml",
        )
        raise fail(refused, EXIT_USAGE)


def print_script(manifest: Manifest, *, json: bool) -> None:
    """What would happen, without doing any of it."""
    if json:
        print_json(manifest.model_dump(mode="json"))
        return
    nodes = f"{manifest.nodes} validators"
    nodes += f", {manifest.followers} followers" if manifest.followers else ""
    load = manifest.load.replay or f"{manifest.load.rate:g} payments a second"
    facts = {
        "title": manifest.title,
        "network": f"{manifest.engine}, {nodes}",
        "load": load,
        "duration": format_duration(manifest.duration),
    }
    print_pairs(facts)
    for step in manifest.step:
        said = f"  ({step.say})" if step.say else ""
        print_line(f"{format_duration(step.at):>8}  {step.describe()}{said}")


def print_account(account: PlayAccount) -> None:
    """The report for people: steps, findings, the load."""
    answers.print(make_step_table(account))
    answers.print(make_finding_table(account))
    verdict = account.verdict
    print_pairs(
        {
            "seconds": round(account.duration_ms / 1_000, 1),
            "final": verdict.final,
            "tx_per_second": verdict.tx_per_second,
            "latency_ms": verdict.latency_ms,
            "failed": verdict.failed,
            "dropped": verdict.dropped,
            "longest_gap": format_duration(account.longest_gap_ms),
            "view_changes": account.view_changes,
            "reorganisations": account.reorganisations,
            "height": verdict.height,
            "verdict": "all holds" if account.is_good else "not all holds",
        }
    )


def make_step_table(account: PlayAccount) -> Table:
    """What was done when, and what was seen after it."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("at", justify="right", no_wrap=True)
    table.add_column("step")
    table.add_column("outcome", no_wrap=True)
    table.add_column("next final", justify="right", no_wrap=True)
    table.add_column("gap", justify="right", no_wrap=True)
    table.add_column("views", justify="right", no_wrap=True)
    table.add_column("detail")
    for step in account.steps:
        style = OUTCOME_STYLES.get(step.outcome, "yellow")
        table.add_row(
            format_duration(step.at_ms),
            escape(step.what),
            f"[{style}]{step.outcome}[/]" if style else step.outcome,
            show_time(step.next_final_ms),
            show_time(step.gap_ms),
            "" if step.view_changes is None else str(step.view_changes),
            escape(step.detail),
        )
    return table


def make_finding_table(account: PlayAccount) -> Table:
    """What was expected, and what there was."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("expected", "wanted", "got", ""):
        table.add_column(name)
    for finding in account.findings:
        mark = "[green]✓[/]" if finding.is_met else "[bold red]✗[/]"
        table.add_row(finding.what, finding.wanted, finding.got, mark)
    return table


def show_time(time_ms: float | None) -> str:
    """A time, or nothing where none was measured."""
    return "" if time_ms is None else format_duration(time_ms)
