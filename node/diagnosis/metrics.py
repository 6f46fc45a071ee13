"""The diagnosis as Prometheus reads it: one gauge per code, for alerts that name the cause."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge

from node.diagnosis.finding import Code, Finding, Severity

OF_NETWORKS = frozenset({Code.NODE_DOWN, Code.NODES_DISAGREE, Code.LINKS_CUT})
"""What no node can find by itself."""
LEVELS = {Severity.INFO: 1, Severity.OK: 1, Severity.WARNING: 2, Severity.FAULT: 3}


class FindingGauges:
    """`show` is told of every new diagnosis."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._gauge = Gauge(
            "quorate_finding",
            "What the node finds of itself and its network, by code:"
            " 0 no, 1 worth knowing, 2 a warning, 3 a fault.",
            ["code"],
            registry=registry,
        )
        self._shown: dict[Code, int] = {}
        for code in set(Code) - OF_NETWORKS:
            self._gauge.labels(code.value)

    def show(self, findings: Sequence[Finding]) -> None:
        """Set what has changed."""
        levels: dict[Code, int] = {}
        for finding in findings:
            levels[finding.code] = max(LEVELS[finding.severity], levels.get(finding.code, 0))
        for code in self._shown.keys() - levels.keys():
            self._gauge.labels(code.value).set(0)
        for code, level in levels.items():
            if self._shown.get(code) != level:
                self._gauge.labels(code.value).set(level)
        self._shown = levels
