"""`quorate node join`: take part in a network that anybody may join."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.output import print_json, print_pairs
from node.testnet.homes import Listen
from node.testnet.joining import join_open_network
from node.testnet.plan import MINING_WORKERS_MAX


def join(
    home: Annotated[
        Path, typer.Option("--home", envvar="QUORATE_HOME", help="The node's home folder.")
    ],
    genesis: Annotated[Path, typer.Option(help="The network's genesis.json.")],
    seed: Annotated[
        list[str],
        typer.Option(metavar="KEY@HOST:PORT", help="A node to call; may be given more than once."),
    ],
    *,
    miners: Annotated[
        int, typer.Option(min=0, max=MINING_WORKERS_MAX, help="Mine, in so many processes.")
    ] = 0,
    name: Annotated[str, typer.Option(help="The node's name.")] = "node",
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=1024, max=65534, help="Port for peers; HTTP is one above.")
    ] = 26656,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make the home of a node that asks nobody's leave: a follower, or with --miners a miner.

    For networks whose engine hears anybody, such as proof of work. Start it with `quorate node run`.
    """
    listen = Listen(host, port, port + 1)
    identity = join_open_network(genesis, seed, home, listen, name=name, mining_workers=miners)
    answer = {
        "home": str(home.expanduser().resolve()),
        "public_key": identity.public_key.hex(),
        "url": f"http://{host}:{port + 1}",
        "miners": miners,
    }
    print_json(answer) if json else print_pairs(answer)
