"""Why a replica leaves a ballot, its leader's or its own: stable names, told by its account."""

from enum import StrEnum


class Cause(StrEnum):
    """The reasons, one each; a replica that restarts begins to count at 0."""

    LEADER_SUSPECTED = "leader-suspected"
    """The failure detector had spoken against the leader."""
    LEADER_UNHEARD = "leader-unheard"
    """The replica's own look had told it that its leader is none."""
    LEADER_IDLE = "leader-idle"
    """The leader lived, but let work wait for too long."""
    LEADER_RESIGNED = "leader-resigned"
    """This leader noticed that no majority answers, or that nothing moves."""
    OUTBID = "outbid"
    """A higher ballot was met, by a candidate, a leader, or one that trusted its leader."""
    NO_MAJORITY = "no-majority"
    """This candidate was not supported, or not promised its ballot, by a majority in time."""
    COMMITTEE_CHANGED = "committee-changed"
    """Another committee took office."""
