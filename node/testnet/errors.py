"""What can go wrong with a network of processes."""

from node.errors import NodeError


class ClusterError(NodeError):
    """A network cannot be made, started or controlled; the advice tells what to do next."""

    reason = "testnet-error"
