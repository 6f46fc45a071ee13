#!/usr/bin/env python3
"""What a threshold common coin costs: a share, its verification, a coin, beside an ordinary signature.

For each size of the committee a coin is dealt that any f + 1 members make, f being the most that
n > 3f allows. Then, coin after coin, under a tag that was never used: a member makes its share, verifies f
shares of others, and combines f + 1. That is all the work of one member for one coin; `coin` is its
sum. Every step is timed beside the verification of one Ed25519 signature in the same turn, so that
the ratios hold on a machine that is busy or slow. One thread; times are medians.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from consensus.committee import largest_byzantine_faults
from ledger.coin.dealing import deal
from ledger.coin.keys import CoinKeys
from ledger.coin.shares import SecretShare, check_share, combine, make_share
from ledger.keys import KeyPair, verify
from node.load.machine import describe_machine, read_commit

SEED = bytes(range(32))
KEY = KeyPair(SEED)
WARM_UP = 5

Result = TypeVar("Result")


class Clock:
    """Milliseconds by name, one entry per coin."""

    def __init__(self) -> None:
        self.times_ms: dict[str, list[float]] = {}

    def measure(self, name: str, work: Callable[[], Result]) -> Result:
        """Do it and time it."""
        begin = time.perf_counter()
        result = work()
        self.times_ms.setdefault(name, []).append((time.perf_counter() - begin) * 1e3)
        return result

    def median_ms(self, name: str) -> float:
        """The median without the first ones."""
        return statistics.median(self.times_ms[name][WARM_UP:])


def measure_size(members: int, coins: int) -> dict[str, Any]:
    """One row of the report."""
    faults = largest_byzantine_faults(members)
    dealing = deal(SEED, faults + 1, members)
    clock = Clock()
    keys = clock.measure("keys", lambda: CoinKeys.derive(dealing.commitments, members))
    secrets = [SecretShare.make(index, scalar) for index, scalar in enumerate(dealing.shares)]
    for number in range(WARM_UP + coins):
        toss(clock, keys, secrets[: faults + 1], number.to_bytes(8, "big"))
    share, check, combined = map(clock.median_ms, ("share", "check", "combine"))
    coin = share + faults * check + combined
    return {
        "members": members,
        "faults": faults,
        "share_ms": round(share, 3),
        "verification_ms": round(check, 3),
        "combination_ms": round(combined, 3),
        "coin_ms": round(coin, 3),
        "opening_ms": round(clock.times_ms["keys"][0], 2),
        "signature_ms": round(clock.median_ms("signature"), 3),
        "ratio": round(coin / clock.median_ms("signature"), 1),
    }


def toss(clock: Clock, keys: CoinKeys, secrets: list[SecretShare], tag: bytes) -> None:
    """One coin, as member 0 sees it; the others' shares are made outside the clock."""
    own = clock.measure("share", lambda: make_share(secrets[0], tag))
    others = [make_share(secret, tag) for secret in secrets[1:]]
    reason = clock.measure("check", lambda: check_share(keys, tag, (others or [own])[0]))
    face = clock.measure("combine", lambda: combine(keys, tag, [own, *others]))
    signature = KEY.sign(tag)
    is_signed = clock.measure("signature", lambda: verify(KEY.public_key, tag, signature))
    if reason is not None or face not in {0, 1} or not is_signed:
        raise SystemExit("the benchmark's own shares were refused")


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--members",
        type=int,
        nargs="+",
        default=[4, 7, 10],
        metavar="N",
        help="sizes of the committee (default: 4 7 10)",
    )
    parser.add_argument("--coins", type=int, default=200, help="per size (default: 200)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args(arguments)
    if options.coins < 1 or min(options.members) < 1 or max(options.members) > 256:
        parser.error("--coins: at least 1; --members: from 1 to 256")
    return options


def show_row(row: dict[str, Any]) -> None:
    """A line for people."""
    print(
        f"{row['members']:>3} members, f = {row['faults']}: share {row['share_ms']:.2f} ms,"
        f" verification {row['verification_ms']:.2f} ms, combination {row['combination_ms']:.2f} ms;"
        f" a coin {row['coin_ms']:.2f} ms, as {row['ratio']:.0f} signatures;"
        f" opening {row['opening_ms']:.1f} ms",
        flush=True,
    )


def main() -> int:
    """Measure every size."""
    options = parse_options()
    rows = []
    for members in options.members:
        rows.append(measure_size(members, options.coins))
        if not options.json:
            show_row(rows[-1])
    if options.json:
        report = {"machine": describe_machine(), "commit": read_commit(), "coins": options.coins}
        print(json.dumps(report | {"sizes": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
