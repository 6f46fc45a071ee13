"""A diagnosis as numbers, for alerts that name the cause."""

from collections.abc import Sequence

from node.diagnosis.finding import Code, Finding, Severity

OF_NETWORKS = frozenset({Code.NODE_DOWN, Code.NODES_DISAGREE, Code.LINKS_CUT})
"""What no node can find by itself."""
LEVELS = {Severity.INFO: 1, Severity.OK: 1, Severity.WARNING: 2, Severity.FAULT: 3}


def compute_levels(findings: Sequence[Finding]) -> dict[str, float]:
    """By code: 0 not found, 1 worth knowing, 2 a warning, 3 a fault."""
    levels = {code.value: 0.0 for code in Code if code not in OF_NETWORKS}
    for finding in findings:
        level = LEVELS[finding.severity]
        levels[finding.code.value] = max(levels[finding.code.value], level)
    return levels
