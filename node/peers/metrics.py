"""What the peer layer counts, as hooks that do nothing unless somebody counts."""

from node.wire import Lane


class PeerMetrics:
    """Override what you count. Every label is from a closed set, never a stranger's text."""

    def frame_in(self, kind: str, size_bytes: int) -> None:
        """A well-formed frame came."""

    def frame_out(self, kind: str, size_bytes: int) -> None:
        """A frame was handed to the transport."""

    def frame_dropped(self, lane: Lane, count: int) -> None:
        """Outgoing frames were given up because a queue was full."""

    def refused(self, reason: str) -> None:
        """A connection or a frame of a peer was refused."""

    def dial_failed(self, reason: str) -> None:
        """A call to a peer did not end in a link."""

    def banned(self) -> None:
        """A peer's penalties passed the threshold."""

    def link_up(self) -> None:
        """A link was made."""

    def link_down(self, reason: str) -> None:
        """A link ended."""

    def request_done(self, kind: str, outcome: str, seconds: float) -> None:
        """A request of ours was answered, declined, or failed."""
