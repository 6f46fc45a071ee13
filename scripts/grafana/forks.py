"""Forks: how often, how deep, and what they cost; for networks whose head may move."""

from collections.abc import Sequence

from grafana_foundation_sdk.models.dashboard import Dashboard

from scripts.grafana.board import make_board
from scripts.grafana.panels import Limits, Panel, Query, Row, graph, note, number
from scripts.grafana.promql import greatest, increase, pick, rate, total

DEPTH = "quorate_reorganisation_depth_blocks"


def make_forks() -> Dashboard:
    """Trees of blocks."""
    rows = [
        Row("How bad is it?", list_state()),
        Row("The tree", list_tree()),
        Row("What was undone", list_reorganisations()),
    ]
    return make_board(
        "quorate-forks",
        "Quorate: forks",
        "How often two blocks have one parent, how deep heads move, and what that costs.",
        rows,
    )


def list_state() -> Sequence[Panel]:
    """The numbers first."""
    return [
        note(
            "Only engines of block trees (proof of work) have forks: where blocks are final at once"
            " this page is empty, and rightly so."
        ),
        number(
            "Fork rate",
            "Stale blocks among all over the latest heights. Theory says 1 - exp(-delay/interval):"
            " slow links or a short interval raise it.",
            "percentunit",
            Query(greatest(pick("quorate_fork_rate", window="100")), "of the last 100"),
            limits=Limits(warning=0.05, alarm=0.2),
            span=6,
        ),
        number(
            "Deepest reorganisation",
            "Blocks undone at once since the start, on the node that undid most. At the finality"
            " depth blocks that were promised to stay were in danger: wait for more confirmations.",
            "none",
            Query(greatest(pick("quorate_deepest_reorganisation_blocks")), "blocks"),
            limits=Limits(warning=3, alarm=6),
            span=6,
        ),
        number(
            "Finality depth",
            "Confirmations after which nodes call a block final.",
            "none",
            Query(greatest(pick("quorate_finality_depth_blocks")), "blocks"),
            span=6,
        ),
        number(
            "Time to finality",
            "Mean time from a block to the one that made it final.",
            "s",
            Query(greatest(pick("quorate_time_to_finality_seconds")), "mean"),
            span=6,
        ),
    ]


def list_tree() -> Sequence[Panel]:
    """How it grows."""
    return [
        graph(
            "Fork rate by window",
            "The same over shorter and longer stretches of the chain.",
            "percentunit",
            Query(greatest(pick("quorate_fork_rate"), "window"), "last {{window}}"),
        ),
        graph(
            "Stale blocks",
            "Good blocks that can never come back, and blocks kept beside the adopted branch.",
            "none",
            Query(greatest(pick("quorate_stale_blocks")), "stale"),
            Query(greatest(pick("quorate_side_blocks")), "beside the branch"),
        ),
        graph(
            "Heights of branches",
            "0 is the adopted branch, the heaviest others follow. Two that grow side by side are a"
            " network in two parts: look for a partition.",
            "none",
            Query(pick("quorate_branch_height"), "{{node}} branch {{branch}}"),
        ),
        graph(
            "Branches",
            "Tips of the tree on each node.",
            "none",
            Query(pick("quorate_branches"), "{{node}}"),
        ),
        graph(
            "Orphans",
            "Blocks that wait for their parent. Many for long: a node cannot fetch what it misses.",
            "none",
            Query(pick("quorate_orphan_blocks"), "{{node}}"),
        ),
        graph(
            "Heads",
            "Height of each node's head. They should move together, a block apart at most for long.",
            "none",
            Query(pick("quorate_head_height"), "{{node}}"),
        ),
    ]


def list_reorganisations() -> Sequence[Panel]:
    """What was undone."""
    return [
        graph(
            "Reorganisations",
            "How often heads moved to another branch, by node.",
            "none",
            Query(increase(f"{DEPTH}_count"), "{{node}}"),
            stacked=True,
        ),
        graph(
            "Blocks undone",
            "Depths added up; beside the count it tells whether they are shallow (normal) or deep.",
            "none",
            Query(increase(f"{DEPTH}_sum"), "{{node}}"),
            stacked=True,
        ),
        graph(
            "Transactions that came back",
            "Back in the mempool because their block was undone; most are in the new branch anyway.",
            "reqps",
            Query(total(rate("quorate_transactions_returned_total")), "returned"),
            Query(total(rate("quorate_branches_refuted_total")), "branches that were refuted"),
        ),
    ]
