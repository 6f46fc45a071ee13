"""The command line of the dashboards."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from scripts.grafana.pictures import draw
from scripts.grafana.render import FOLDER, find_stale, write


def main(arguments: Sequence[str] | None = None) -> int:
    """Write, check or draw; the status is 1 where files are not what the code says."""
    parser = argparse.ArgumentParser(prog="dashboards", description="Grafana dashboards as code.")
    parser.add_argument("--check", action="store_true", help="write nothing, name what is stale")
    parser.add_argument(
        "--draw",
        nargs=2,
        metavar=("URL", "FILE"),
        help="draw the graphs of the overview from this Prometheus into a picture",
    )
    parser.add_argument("--seconds", type=float, default=90.0, help="how much of it")
    parser.add_argument("--ago", type=float, default=0.0, help="up to so many seconds ago")
    parser.add_argument("--network", default="testnet", help="which network of that Prometheus")
    options = parser.parse_args(arguments)
    if options.draw:
        url, file = options.draw
        draw(url, Path(file), network=options.network, seconds=options.seconds, ago=options.ago)
        return 0
    if options.check:
        stale = find_stale()
        for name in stale:
            print(f"{FOLDER / name} is not what the code says: run ./scripts/dashboards")
        return 1 if stale else 0
    for name in write():
        print(FOLDER / name)
    return 0
