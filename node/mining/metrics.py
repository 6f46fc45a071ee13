"""What the mining has come to, as Prometheus reads it."""

from collections.abc import Callable, Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from node.mining.miner import MiningAccount


class MiningCollector(Collector):
    """Reads the miner's account at each scrape."""

    def __init__(self, account: Callable[[], MiningAccount], registry: CollectorRegistry) -> None:
        self._account = account
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Two gauges and three counters."""
        account = self._account()
        yield GaugeMetricFamily(
            "quorate_mining_workers", "Mining processes that are up.", value=account.running
        )
        yield GaugeMetricFamily(
            "quorate_mining_hash_rate",
            "Hashes a second of this node's mining processes, over the last ten seconds.",
            value=account.hashes_per_second,
        )
        yield CounterMetricFamily(
            "quorate_mining_hashes", "Hashes of this node's mining processes.", value=account.hashes
        )
        yield CounterMetricFamily(
            "quorate_mining_proofs", "Proofs that they found in time.", value=account.found
        )
        yield CounterMetricFamily(
            "quorate_mining_replaced", "Mining processes that ended.", value=account.replaced
        )
