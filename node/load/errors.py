"""What can go wrong with a measurement."""

from node.errors import NodeError


class LoadError(NodeError):
    """The network cannot be measured as asked; the advice tells what to do next."""

    reason = "load-error"
