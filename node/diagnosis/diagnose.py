"""The diagnosis: facts in, findings out, the one that matters most first. A pure function."""

from collections.abc import Callable, Iterator

from node.diagnosis.absence import find_lost_quorum, find_missing_members, find_partition
from node.diagnosis.concerns import (
    find_change,
    find_clock_drift,
    find_follower,
    find_full_mempool,
    find_liars,
    find_new_leader,
    find_observing,
    find_overdue,
)
from node.diagnosis.facts import Facts
from node.diagnosis.finding import Code, Finding, Severity
from node.diagnosis.progress import find_beginning, find_divergence, find_progress
from node.diagnosis.standstill import (
    find_catching_up,
    find_lateness,
    find_missing_bodies,
    find_missing_proposals,
    find_missing_shares,
    find_missing_votes,
    find_silent_leader,
    find_view_change,
)
from node.diagnosis.words import show_duration

RULES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    find_divergence,
    find_beginning,
    find_lost_quorum,
    find_lateness,
    find_catching_up,
    find_missing_bodies,
    find_view_change,
    find_silent_leader,
    find_missing_votes,
    find_missing_shares,
    find_missing_proposals,
    find_partition,
    find_progress,
    find_liars,
    find_observing,
    find_overdue,
    find_clock_drift,
    find_full_mempool,
    find_missing_members,
    find_new_leader,
    find_change,
    find_follower,
)
"""In the order in which their findings matter, where they are equally bad."""

STATES = frozenset({Code.MOVING, Code.IDLE, Code.STARTING, Code.STOPPING, Code.CATCHING_UP})
"""What answers the question whether it moves; it follows the faults and goes before all else."""


def diagnose(facts: Facts) -> tuple[Finding, ...]:
    """All that is worth saying of a node, never nothing; the first is the headline.

    Faults come first, then whether it moves, then warnings, then what is merely worth knowing.
    """
    findings = [finding for rule in RULES for finding in rule(facts)]
    if not any(is_headline(finding) for finding in findings):
        findings.insert(0, describe_wait(facts))
    return tuple(sorted(findings, key=compute_rank))


def is_headline(finding: Finding) -> bool:
    """Does it say whether, or why not, the chain moves."""
    return (
        finding.severity is Severity.FAULT
        or finding.code in STATES
        or finding.code is Code.VIEW_CHANGING
    )


def compute_rank(finding: Finding) -> int:
    """Less is more urgent."""
    if finding.severity is Severity.FAULT:
        return 0
    if is_headline(finding):
        return 1
    return 2 if finding.severity is Severity.WARNING else 3


def describe_wait(facts: Facts) -> Finding:
    """A wait that no rule has a name for, in the engine's own words."""
    account = facts.account
    return Finding(
        code=Code.WAITING_FOR_VOTES,
        severity=Severity.WARNING,
        text=(
            f"waits for {account.waiting_for} for {show_duration(facts.wait_ms)}: {account.needed} are"
            f" needed, {len(account.heard)} heard"
        ),
        since_ms=facts.wait_ms,
    )
