"""`quorate overhead`: what watching a network costs; see scripts/bench_overhead."""

import datetime
from pathlib import Path
from typing import Annotated

import typer

from consensus import catalog
from node.cli.asynchronous import asynchronous
from node.cli.load import Accounts, BatchSize, check_rate
from node.cli.output import EXIT_FAILURE, print_json, print_line, say
from node.cli.remote import Json
from node.cli.testnet_options import find_state_folder
from node.load.audience import EVERY_WAY, Way
from node.load.overhead import OverheadOptions, measure_overhead
from node.testnet.plan import Plan
from node.testnet.ports import BASE_PORT


@asynchronous
async def overhead(
    *,
    nodes: Annotated[int, typer.Option(min=1, help="Validators of each network.")] = 4,
    engine: Annotated[
        str, typer.Option(help=f"One of: {', '.join(catalog.names())}.")
    ] = catalog.DEFAULT,
    rounds: Annotated[
        int, typer.Option(min=1, help="In each, either network is watched once: about 70 seconds.")
    ] = 5,
    rate: Annotated[
        float | None,
        typer.Option(metavar="N", help="Offer N a second; by default more than can be taken."),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--for", min=1, metavar="SECONDS", help="How long to send per turn.")
    ] = 8.0,
    batch_size: BatchSize = 250,
    accounts: Accounts = 1_000,
    watch: Annotated[
        list[Way] | None,
        typer.Option(help="Watch in this way alone, not in all; may be given again."),
    ] = None,
    least: Annotated[
        float, typer.Option(help="Fail if the ratio of throughputs is below this.")
    ] = 0.95,
    base_port: Annotated[int, typer.Option(help="As for `quorate testnet`.")] = BASE_PORT,
    home: Annotated[
        Path | None, typer.Option(help="Keep the networks' folders, in this one.")
    ] = None,
    json: Json = False,
) -> None:
    """Compare a network that is watched by everything there is with one that nobody watches.

    Two networks run side by side and are measured in turn; in each round either is watched once. What
    is said of the watched one: its throughput as a part of the other's, the median of all rounds.
    """
    check_rate(rate)
    started = datetime.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    folder = home or find_state_folder() / f"overhead-{started}"
    plan = Plan(validators=nodes, engine=catalog.get(engine).name, base_port=base_port)
    options = OverheadOptions(
        rate, rounds, seconds, batch_size, accounts, tuple(watch or EVERY_WAY)
    )
    report = await measure_overhead(folder, plan, options, say, keep=home is not None)
    if json:
        print_json(report.to_plain())
    else:
        print_line(
            f"watched over alone, median of {len(report.rounds)} rounds:"
            f" throughput {report.ratio:.3f}, processor time {report.cpu_ratio:.3f}"
        )
    raise typer.Exit(0 if report.ratio >= least else EXIT_FAILURE)
