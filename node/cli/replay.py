"""`quorate replay`: a CSV of payments as signed transactions."""

import json as json_lib
import math
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from ledger.keys import KeyPair
from node.cli.asynchronous import asynchronous, stop_on_signal
from node.cli.output import EXIT_FAILURE, messages, print_json, print_pairs
from node.cli.remote import Json, RequestError
from node.client import Client
from node.identity import load_identity
from node.replay.progress import Bar
from node.replay.rows import COLUMNS, parse_columns, read_rows
from node.replay.run import Order, Replay, derive_seed

TIMEOUT_S = 5.0
"""After so long without an answer the same bytes go to another node."""


@asynchronous
async def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Payments, oldest first.")],
    *,
    urls: Annotated[
        list[str], typer.Option("--url", help="A node's HTTP API; repeat it for several nodes.")
    ],
    rate: Annotated[float, typer.Option(metavar="N", help="Payments a second, above zero.")],
    columns: Annotated[
        str,
        typer.Option(
            metavar="TIME,FROM,TO,AMOUNT", help="The file's own names of these four columns."
        ),
    ] = ",".join(COLUMNS),
    faucet: Annotated[
        Path | None,
        typer.Option(
            metavar="KEYFILE", help="Funds the senders: `faucet.json` of a testnet's folder."
        ),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(help="The members' keys are derived from it. Default: the faucet's key."),
    ] = None,
    fee: Annotated[int, typer.Option(min=0, help="Of each payment.")] = 0,
    members: Annotated[
        Path | None, typer.Option(help="Write every member's address to this JSON file.")
    ] = None,
    json: Json = False,
) -> None:
    """Replay a CSV of payments through HTTP.

    Each member has one key. The faucet funds every sender in full, finally, before the first
    payment. A second run with the same faucet or seed goes on where the first one stopped. The
    exit status is 0 only if every row is final.
    """
    if not 0 < rate < math.inf:
        raise RequestError(
            f"a rate of {rate:g} payments a second sends nothing",
            reason="bad-rate",
            advice="give a --rate above zero",
        )
    rows = read_rows(file, parse_columns(columns))
    faucet_seed = None if faucet is None else load_identity(faucet).seed
    key = None if faucet_seed is None else KeyPair(faucet_seed)
    order = Order(rows, derive_seed(seed, faucet_seed), key, rate, fee)
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(url, TIMEOUT_S)) for url in urls]
        with Bar(messages) as bar:
            running = Replay(order, clients, bar)
            if members is not None:
                members.write_text(json_lib.dumps(running.book.addresses(), indent=1))
            with stop_on_signal(running.stop):
                account = await running.run()
    print_json(account.to_plain()) if json else print_pairs(account.to_plain())
    raise typer.Exit(0 if account.is_complete else EXIT_FAILURE)
