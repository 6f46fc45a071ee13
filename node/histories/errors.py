"""The errors of this package."""

from node.errors import NodeError


class HistoryError(NodeError):
    """A history that cannot be read, or cannot be recorded."""

    reason = "history-unreadable"
