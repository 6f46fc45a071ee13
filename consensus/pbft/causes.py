"""Why a replica leaves a view: stable names, counted by the replica and told by its account."""

from enum import StrEnum


class Cause(StrEnum):
    """The reasons, one each; a replica that restarts begins to count at 0."""

    PRIMARY_SILENT = "primary-silent"
    """Work was not decided in time, and f + 1 members agreed that this is the primary's fault."""
    PRIMARY_CENSORS = "primary-censors"
    """It decides, but passes some work over for too long."""
    VIEW_NOT_OPENED = "view-not-opened"
    """A quorum asked for the view and its primary did not open it in time."""
    OTHERS_LEFT = "others-left"
    """f + 1 members had left for later views."""
    VIEW_VOID = "view-void"
    """The view was opened with the word of a member that has lost its journal since."""
    BROUGHT_ALONG = "brought-along"
    """A later view was opened without this replica having asked for it."""
    COMMITTEE_CHANGED = "committee-changed"
    """Another committee took office."""
