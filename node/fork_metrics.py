"""What a node measures of forks, for networks whose head may move.

Defined only where an engine orders a tree of blocks; elsewhere these families do not exist. Most are
read from the engine's own measures before each scrape, so every replica with the same tree shows the
same numbers; what takes a clock or a ledger is counted as it happens.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from consensus.fork_measures import ForkMeasures

DEPTH_BUCKETS = (1, 2, 3, 4, 6, 8, 12, 20, 50, 100)
BRANCHES_SHOWN_MAX = 8
"""Branches with a series of their own: the adopted one is 0, the heaviest of the others follow."""


class ForkMetrics:
    """The families, each as an attribute."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"quorate_{name}", text, labels, registry=registry)

        def counter(name: str, text: str) -> Counter:
            return Counter(f"quorate_{name}", text, registry=registry)

        self.depth = Histogram(
            "quorate_reorganisation_depth_blocks",
            "Blocks undone by each reorganisation of this ledger.",
            buckets=DEPTH_BUCKETS,
            registry=registry,
        )
        self.returned = counter(
            "transactions_returned_total", "Transactions that went back to the mempool."
        )
        self.refuted = counter(
            "branches_refuted_total", "Branches with a block that could not be executed."
        )
        self.stale = gauge("stale_blocks", "Blocks that were good and can never come back.")
        self.rate = gauge(
            "fork_rate", "Stale blocks among all, over the latest final heights.", "window"
        )
        self.branches = gauge("branches", "Tips of the tree, the adopted one included.")
        self.branch_height = gauge(
            "branch_height", "Height of each branch; 0 is the adopted one.", "branch"
        )
        self.side_blocks = gauge("side_blocks", "Stored blocks beside the adopted branch.")
        self.orphans = gauge("orphan_blocks", "Blocks that wait for their parent.")
        self.difficulty = gauge("difficulty_hashes", "Hashes the next block takes on average.")
        self.hash_rate = gauge(
            "network_hash_rate", "Hashes a second, as the pace of the latest blocks says."
        )
        self.interval = gauge("block_interval_mean_seconds", "Mean time between the same blocks.")
        self.finality = gauge(
            "time_to_finality_seconds", "Mean time from a block to the one that made it final."
        )

    def show(self, measures: ForkMeasures, side_blocks: int) -> None:
        """Set the gauges."""
        self.stale.set(measures.stale_blocks)
        for window, rate in measures.fork_rates.items():
            self.rate.labels(str(window)).set(rate)
        self.branches.set(len(measures.branches))
        self.branch_height.clear()
        for rank, branch in enumerate(measures.branches[:BRANCHES_SHOWN_MAX]):
            self.branch_height.labels(str(rank)).set(branch.height)
        self.side_blocks.set(side_blocks)
        self.orphans.set(measures.orphans)
        self.difficulty.set(measures.difficulty)
        self.hash_rate.set(measures.hash_rate_per_s or 0)
        self.interval.set((measures.interval_ms or 0) / 1000)
        self.finality.set((measures.finality_ms or 0) / 1000)
