"""`quorate bench`: networks made for the purpose, measured, and removed; see scripts/bench."""

import datetime
from pathlib import Path
from typing import Annotated

import typer

from consensus import catalog
from node.cli.asynchronous import asynchronous
from node.cli.benchmark_tables import (
    describe_setting,
    make_comparison_table,
    make_profile_table,
    make_ratio_table,
    make_report_table,
    make_traffic_table,
)
from node.cli.load import Accounts, BatchSize, Seconds, check_rate
from node.cli.output import EXIT_FAILURE, answers, print_json, print_line, say
from node.cli.remote import Json
from node.cli.testnet_options import find_state_folder
from node.load.bench import bench_all
from node.load.benchmark import BenchmarkOptions, Report
from node.load.comparison import Comparison, compare
from node.testnet.plan import Plan
from node.testnet.ports import BASE_PORT


@asynchronous
async def bench(
    *,
    nodes: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Validators; repeat it for several networks. Default: 4 and 1."),
    ] = None,
    engines: Annotated[
        list[str] | None,
        typer.Option(
            "--engine",
            help=f"One of: {', '.join(catalog.names())}; repeat it to compare."
            f" Default: {catalog.DEFAULT}.",
        ),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(metavar="N", help="Do not search: measure this rate.")
    ] = None,
    seconds: Seconds = 60.0,
    batch_size: BatchSize = 250,
    accounts: Accounts = 1_000,
    half: Annotated[bool, typer.Option(help="Measure half the rate as well.")] = True,
    base_port: Annotated[int, typer.Option(help="As for `quorate testnet`.")] = BASE_PORT,
    home: Annotated[
        Path | None, typer.Option(help="Keep the networks' folders, in this one.")
    ] = None,
    json: Json = False,
) -> None:
    """Measure networks on this machine: the highest rate that they sustain for SECONDS, and half.

    A search takes about two minutes a network, besides the measurements. Leave the machine alone
    meanwhile. Several networks are compared: by size, and at each size with the engine named first.
    The exit status is 0 only if every network sustained its rate.
    """
    check_rate(rate)
    started = datetime.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    folder = home or find_state_folder() / f"bench-{started}"
    plans = list_plans(engines or [catalog.DEFAULT], nodes or [4, 1], base_port)
    options = BenchmarkOptions(rate, seconds, batch_size, accounts, half)
    reports = await bench_all(folder, plans, options, say, keep=home is not None)
    compared = compare(reports)
    if json:
        print_json(
            [
                report.to_plain() | {"growth": one.growth, "versus": one.versus}
                for report, one in zip(reports, compared, strict=True)
            ]
        )
    else:
        answers.print(make_report_table(reports))
        for report in reports:
            answers.print(make_profile_table(report.profile))
            print_line(describe_setting(report))
        print_comparison(reports, compared)
    is_good = all(report.full.is_sustained for report in reports)
    raise typer.Exit(0 if is_good else EXIT_FAILURE)


def list_plans(engines: list[str], sizes: list[int], base_port: int) -> list[Plan]:
    """The networks to measure, in order; raises `UnknownEngineError`.

    At each size the engines follow each other, so that whatever else the machine does meanwhile
    touches them alike.
    """
    names = [catalog.get(engine).name for engine in engines]
    return [
        Plan(validators=size, engine=name, base_port=base_port) for size in sizes for name in names
    ]


def print_comparison(reports: list[Report], compared: list[Comparison]) -> None:
    """What transactions cost, and, where there are several networks, how that differs."""
    answers.print(make_comparison_table(compared))
    answers.print(make_traffic_table(reports))
    if len({report.nodes for report in reports}) > 1:
        growth = {(one.engine, one.nodes): one.growth for one in compared}
        answers.print(make_ratio_table("as a multiple of the engine's smallest network", growth))
    if len({report.engine for report in reports}) > 1:
        versus = {(one.engine, one.nodes): one.versus for one in compared}
        title = f"as a multiple of {reports[0].engine} with as many validators"
        answers.print(make_ratio_table(title, versus))
