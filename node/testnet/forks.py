"""What nodes tell of forks, where their heads may move to another branch."""

from collections.abc import Iterable, Sequence

import msgspec

from node.api.node_models import ForksAnswer
from node.client import Client, ClientError

NONE = {"stale_blocks": 0, "fork_rate": 0.0, "deepest_reorganisation": 0}


class ForkReport(msgspec.Struct, frozen=True, kw_only=True):
    """One node's view; rates are per second, `difficulty` is in hashes a block.

    `fork_rate` is over the widest window that the engine tells of, `heights` are those of the
    branches it knows, the adopted one first.
    """

    stale_blocks: int
    fork_rate: float
    reorganisations: int
    deepest_reorganisation: int
    heights: tuple[int, ...]
    difficulty: int
    hash_rate_per_s: float | None
    interval_ms: float | None
    finality_ms: float | None


def report_forks(answer: ForksAnswer | None) -> ForkReport | None:
    """The account in short; None where decisions are final at once."""
    if answer is None:
        return None
    widest = max(answer.fork_rates, key=int, default=None)
    depths = {int(depth): times for depth, times in answer.reorganisations.items()}
    return ForkReport(
        stale_blocks=answer.stale_blocks,
        fork_rate=0.0 if widest is None else round(answer.fork_rates[widest], 6),
        reorganisations=sum(depths.values()),
        deepest_reorganisation=max(depths, default=0),
        heights=tuple(branch.height for branch in answer.branches),
        difficulty=int(answer.difficulty),
        hash_rate_per_s=answer.hash_rate_per_s,
        interval_ms=answer.interval_ms,
        finality_ms=answer.finality_ms,
    )


async def count_forks(clients: Sequence[Client]) -> dict[str, int | float | None]:
    """The worst that a node tells of forks, and the pace of one that has the most to tell."""
    reports: list[ForkReport] = []
    for client in clients:
        try:
            report = report_forks((await client.engine()).forks)
        except ClientError:
            continue
        if report is not None:
            reports.append(report)
    return unite(reports) if reports else dict(NONE)


def unite(reports: Iterable[ForkReport]) -> dict[str, int | float | None]:
    """One account out of several."""
    ranked = sorted(reports, key=lambda report: report.heights)
    tallest = ranked[-1]
    return {
        "stale_blocks": max(report.stale_blocks for report in ranked),
        "fork_rate": max(report.fork_rate for report in ranked),
        "deepest_reorganisation": max(report.deepest_reorganisation for report in ranked),
        "reorganisations": max(report.reorganisations for report in ranked),
        "difficulty": tallest.difficulty,
        "hash_rate_per_s": tallest.hash_rate_per_s,
        "interval_ms": tallest.interval_ms,
        "finality_ms": tallest.finality_ms,
    }
