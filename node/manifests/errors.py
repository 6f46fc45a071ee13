"""What can be wrong with a manifest."""

from node.testnet.errors import ClusterError


class ManifestError(ClusterError):
    """A manifest cannot be read or carried out; each line names the place and what to write."""

    reason = "manifest-invalid"
