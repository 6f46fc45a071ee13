"""`quorate load`: an open-loop measurement of a running network."""

import math
from pathlib import Path
from typing import Annotated

import typer

from ledger.keys import KeyPair
from node.cli.asynchronous import asynchronous
from node.cli.benchmark_tables import describe_setting, make_profile_table, make_report_table
from node.cli.output import EXIT_FAILURE, answers, print_json, print_line, say
from node.cli.remote import Json, RequestError
from node.identity import load_identity
from node.load.benchmark import BenchmarkOptions, run_benchmark

Seconds = Annotated[
    float, typer.Option("--for", metavar="SECONDS", min=1, help="How long each rate is held.")
]
BatchSize = Annotated[int, typer.Option(min=1, max=2_000, help="Transactions per request.")]
Accounts = Annotated[int, typer.Option(min=4, max=100_000, help="Between how many accounts.")]


def check_rate(rate: float | None) -> None:
    """A rate of zero measures nothing; raises `RequestError`."""
    if rate is not None and not 0 < rate < math.inf:
        raise RequestError(
            f"a rate of {rate:g} transactions a second measures nothing",
            reason="bad-rate",
            advice="give a --rate above zero, or none to search for the highest that is sustained",
        )


@asynchronous
async def load(
    *,
    urls: Annotated[
        list[str], typer.Option("--url", help="A node's HTTP API; repeat it for all of them.")
    ],
    faucet: Annotated[
        Path, typer.Option(metavar="KEYFILE", help="`faucet.json` of the network's folder.")
    ],
    rate: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="Transactions a second. Default: the highest that is sustained is searched for.",
        ),
    ] = None,
    seconds: Seconds = 60.0,
    batch_size: BatchSize = 250,
    accounts: Accounts = 1_000,
    half: Annotated[bool, typer.Option(help="Measure half the rate as well.")] = True,
    json: Json = False,
) -> None:
    """Send distinct, pre-signed transfers open-loop and measure until all nodes have them final.

    Latency counts from the intended time of sending to finality on the last of the nodes. The
    signature limit is measured in the same run. The exit status is 0 only if the rate was
    sustained.
    """
    check_rate(rate)
    key = KeyPair(load_identity(faucet).seed)
    options = BenchmarkOptions(rate, seconds, batch_size, accounts, half)
    report = await run_benchmark(urls, key, options, say)
    if json:
        print_json(report.to_plain())
    else:
        answers.print(make_report_table([report]), make_profile_table(report.profile))
        print_line(describe_setting(report))
    raise typer.Exit(0 if report.full.is_sustained else EXIT_FAILURE)
