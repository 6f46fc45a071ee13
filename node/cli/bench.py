"""`quorate bench`: networks made for the purpose, measured, and removed; see scripts/bench."""

import datetime
from pathlib import Path
from typing import Annotated

import typer

from consensus import catalog
from node.cli.asynchronous import asynchronous
from node.cli.benchmark_tables import describe_setting, make_profile_table, make_report_table
from node.cli.load import Accounts, BatchSize, Seconds, check_rate
from node.cli.output import EXIT_FAILURE, answers, print_json, print_line, say
from node.cli.remote import Json
from node.cli.testnet_options import find_state_folder
from node.load.bench import bench_sizes
from node.load.benchmark import BenchmarkOptions
from node.testnet.plan import Plan
from node.testnet.ports import BASE_PORT


@asynchronous
async def bench(
    *,
    nodes: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Validators; repeat it for several networks. Default: 4 and 1."),
    ] = None,
    engine: Annotated[
        str, typer.Option(help=f"One of: {', '.join(catalog.names())}.")
    ] = catalog.DEFAULT,
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
    meanwhile. The exit status is 0 only if every network sustained its rate.
    """
    check_rate(rate)
    started = datetime.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    folder = home or find_state_folder() / f"bench-{started}"
    plan = Plan(engine=engine, base_port=base_port)
    options = BenchmarkOptions(rate, seconds, batch_size, accounts, half)
    sizes = nodes or [4, 1]
    reports = await bench_sizes(folder, plan, sizes, options, say, keep=home is not None)
    if json:
        print_json([report.to_plain() for report in reports])
    else:
        answers.print(make_report_table(reports))
        for report in reports:
            answers.print(make_profile_table(report.profile))
            print_line(describe_setting(report))
    is_good = all(report.full.is_sustained for report in reports)
    raise typer.Exit(0 if is_good else EXIT_FAILURE)
