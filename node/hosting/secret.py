"""The bundles of a network as a Kubernetes Secret: one entry per node, named after its pod."""

import base64
from typing import Any

from node.hosting.network import HostedNetwork

SECRET_NAME = "quorate-homes"  # noqa: S105 - its name, not its content


def make_secret(
    network: HostedNetwork, name: str = SECRET_NAME, namespace: str | None = None
) -> dict[str, Any]:
    """A Secret (core/v1) as JSON, which is YAML too; raises `OSError` where a bundle is missing."""
    metadata: dict[str, Any] = {"name": name, "labels": {"app.kubernetes.io/name": "quorate"}}
    if namespace is not None:
        metadata["namespace"] = namespace
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "Opaque",
        "data": {
            node.name: base64.b64encode(network.bundle(node).read_bytes()).decode()
            for node in network.plan.nodes
        },
    }
