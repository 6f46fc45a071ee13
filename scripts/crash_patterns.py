#!/usr/bin/env python3
"""Go through every way in which members may crash under a synchronous agreement.

    scripts/crash_patterns early --nodes 5 --faults 2

The status is 0 if no pattern breaks it, 1 if one does, which is then told.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from consensus import synchronous
from consensus.committee import Committee
from consensus.exploration.crash_patterns import Demands, survey
from consensus.model.validity import Validity


def main() -> int:
    """Survey one algorithm, and tell."""
    options = parse()
    spec = synchronous.get(options.algorithm)
    demands = Demands(
        values_max=options.values_max,
        proposed=spec.validity is not Validity.UNANIMOUS_START,
        stops_early=spec.name.startswith("early"),
    )
    committee = Committee.of(options.nodes, options.faults)
    began = time.monotonic()
    found = survey(spec.create, committee, (b"\x00", b"\x01"), demands)
    rate = found.steps / (time.monotonic() - began)
    print(f"{found.situations} situations, {found.steps} rounds of them, {rate:.0f} a second")
    print("latest decision by crashes before it:", dict(sorted(found.slowest.items())))
    if found.breach is not None:
        print(f"{found.breach.words}: {found.breach}")
    return int(found.breach is not None)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("algorithm", choices=synchronous.names())
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--faults", type=int, default=2)
    parser.add_argument("--values-max", type=int, default=1, help="how many may be decided")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
