"""Why a peer did not do what it was asked for."""

from node.errors import NodeError


class PeerError(NodeError):
    """Root of what `Peers.request` raises: ask another peer, or later."""

    reason = "peer-error"


class PeerTimeout(PeerError):  # noqa: N818 - an outcome to be matched, not a fault of ours
    """The peer did not answer in time; it may still have done what was asked."""

    reason = "peer-timeout"


class PeerGone(PeerError):  # noqa: N818
    """The peer is not connected, or the link was lost before the answer came."""

    reason = "peer-gone"


class PeerDeclined(PeerError):  # noqa: N818
    """The peer said no; `reason` is its own word for why."""

    reason = "peer-declined"


class PeerBusy(PeerError):  # noqa: N818
    """The queue to this peer is full."""

    reason = "peer-busy"


class ListenError(NodeError):
    """The address for peers cannot be listened on."""

    reason = "peer-address-unavailable"
