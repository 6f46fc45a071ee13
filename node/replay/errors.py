"""What can go wrong before or during a replay."""

from node.errors import NodeError


class ReplayError(NodeError):
    """The file, the faucet or the network cannot be used; the advice tells what to do next."""

    reason = "replay-error"
