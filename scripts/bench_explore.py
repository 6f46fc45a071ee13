#!/usr/bin/env python3
"""How fast the explorer is: distinct configurations a second on one core, and the memory they take.

Each space is gone through in a process of its own, so that its memory is its own. `paxos` is
single-decree Paxos with two proposers on the network where each message arrives once; `multi-paxos`
and `pbft` are engines on a lasting network, with all reductions, `pbft-plain` the latter without
them, one event at a time. With `--profile` the functions that take longest are printed instead.
"""

import argparse
import cProfile
import json
import multiprocessing
import platform
import pstats
import resource
import time
from collections.abc import Callable
from typing import Any

from consensus import agreements
from consensus.agreement import Opened, Propose
from consensus.committee import Committee
from consensus.exploration.asynchronous import Liberties, World
from consensus.exploration.bounded import Bounded
from consensus.exploration.engines import make_cast
from consensus.exploration.explorer import Exploration, explore
from consensus.exploration.searching import Search
from consensus.exploration.table import Table

SHOWN = 25
THREE = Committee.of(3, 1)


def explore_paxos(most: int) -> Exploration:
    """Two proposers, two ballots; each may be beyond that if it is more than are asked for."""
    spec = agreements.get("paxos")
    world = World(Table(THREE), Liberties(timers=True, crashes=1), spec.is_stale)
    openings: list[list[Any]] = [
        [Opened(), *([] if bit is None else [Propose(bytes([bit]))])] for bit in (0, 1, None)
    ]
    start = world.begin([spec.create(me, THREE) for me in THREE.members], openings)
    space = Bounded(world, spec.find_round, 2)
    return explore(space, [start], lambda _: None, configurations_max=most)


def explore_multi_paxos(most: int) -> Exploration:
    """Three replicas, three rounds of ballots."""
    return Search(make_cast("paxos", 3, 0, 2)).run(configurations_max=most)


def explore_pbft(most: int) -> Exploration:
    """Four replicas, a twin, one view change; the symmetries are checked at the end."""
    return Search(make_cast("pbft", 4, 1, 1)).run(configurations_max=most)


def explore_pbft_plain(most: int) -> Exploration:
    """The same without reductions."""
    search = Search(make_cast("pbft", 4, 1, 1), fuses=False, is_symmetric=False)
    return search.run(configurations_max=most)


SPACES: dict[str, Callable[[int], Exploration]] = {
    "paxos": explore_paxos,
    "multi-paxos": explore_multi_paxos,
    "pbft": explore_pbft,
    "pbft-plain": explore_pbft_plain,
}


def measure(name: str, most: int) -> dict[str, Any]:
    """One space, in this process."""
    began_s = time.process_time()
    seen = SPACES[name](most)
    took_s = time.process_time() - began_s
    count = len(seen.configurations)
    return {
        "space": name,
        "configurations": count,
        "closed": seen.is_closed,
        "transitions": seen.transitions,
        "cpu_s": round(took_s, 2),
        "per_second": round(count / max(took_s, 1e-9)),
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def profile(name: str, most: int) -> None:
    """Where the time goes."""
    profiler = cProfile.Profile()
    profiler.runcall(SPACES[name], most)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(SHOWN)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("spaces", nargs="*", metavar="SPACE", help=f"of {', '.join(SPACES)}; all")
    parser.add_argument("--configurations", type=int, default=100_000, help="so many of each")
    parser.add_argument("--profile", action="store_true", help="print the slowest functions")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    unknown = set(options.spaces) - set(SPACES)
    if unknown or options.configurations < 1:
        parser.error(f"no space {', '.join(sorted(unknown))}" if unknown else "at least one")
    rows = []
    for name in options.spaces or SPACES:
        if options.profile:
            profile(name, options.configurations)
            continue
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            rows.append(pool.apply(measure, (name, options.configurations)))
        if not options.json:
            print(*(f"{key}={value}" for key, value in rows[-1].items()))
    if options.json:
        print(json.dumps({"python": platform.python_version(), "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
