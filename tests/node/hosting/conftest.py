"""A small network for several hosts."""

from pathlib import Path

import pytest

from node.hosting.network import HostedNetwork, create_hosted
from node.hosting.plan import HostPlan, parse_node

NODES = tuple(parse_node(f"node-{index}.example") for index in range(4))


@pytest.fixture
def network(tmp_path: Path) -> HostedNetwork:
    return create_hosted(tmp_path / "net", HostPlan(nodes=NODES))
