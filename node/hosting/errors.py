"""What can go wrong with a network on several hosts."""

from node.errors import NodeError


class HostingError(NodeError):
    """A network cannot be made, or a home not be installed; the advice tells what to do next.

    Reasons: `bad-node`, `network-missing`, `network-malformed`, `network-differs`,
    `bundle-unreadable`, `bundle-malformed`, `home-differs`.
    """

    reason = "hosting-error"
