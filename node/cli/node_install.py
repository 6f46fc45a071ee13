"""`quorate node install`: the home of a node from its bundle."""

import time
from pathlib import Path
from typing import Annotated

import typer

from node.cli.output import print_json, print_pairs
from node.hosting.bundle import load_bundle
from node.hosting.install import install as install_bundle


def install(
    home: Annotated[
        Path, typer.Option("--home", envvar="QUORATE_HOME", help="The node's home folder.")
    ],
    bundle: Annotated[
        Path, typer.Option("--from", help="The node's bundle, from `quorate network init`.")
    ],
    *,
    fresh_hours: Annotated[
        float,
        typer.Option(
            min=0,
            max=24 * 7,
            help="The node has never run: let it vote at once, if its network was made no longer"
            " ago than this. Never for a node whose disk was lost.",
        ),
    ] = 0.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make the home of a node from its bundle; one that is there gets its settings again.

    Keys and data that are there are kept. Without --fresh-hours a validator without a journal
    observes until it is certain that it has not voted before: right for a new disk, wrong for a new
    network.
    """
    made = load_bundle(bundle)
    folder = home.expanduser().resolve()
    done = install_bundle(made, folder, fresh_hours, time.time_ns() // 1_000_000)
    answer = {
        "home": str(folder),
        "name": made.name,
        "public_key": made.identity.public_key.hex(),
        "is_new": done.is_new,
        "votes_at_once": done.is_fresh,
    }
    print_json(answer) if json else print_pairs(answer)
