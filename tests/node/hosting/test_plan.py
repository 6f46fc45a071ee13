import pytest
from msgspec.structs import replace

from node.hosting.errors import HostingError
from node.hosting.network import HostedNetwork
from node.hosting.plan import HostPlan, check_nodes, load_plan, parse_node


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("quorate-0.quorate", "quorate-0", "quorate-0.quorate:26656"),
        ("alpha:3000", "alpha", "alpha:3000"),
        ("a=10.0.0.1", "a", "10.0.0.1:26656"),
        ("a_1=10.0.0.1:80", "a_1", "10.0.0.1:80"),
        ("six=[2001:db8::1]", "six", "[2001:db8::1]:26656"),
        ("six=[2001:db8::1]:4", "six", "[2001:db8::1]:4"),
    ],
)
def test_a_node_is_a_host_perhaps_with_a_name_and_a_port(
    text: str, name: str, address: str
) -> None:
    node = parse_node(text)
    assert (node.name, node.seed.address, node.role) == (name, address, "validator")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=host",
        "host:",
        "host:0",
        "host:65536",
        "10.0.0.1",
        "a=",
        "a/b=host",
        "six=2001:db8::1",
        "[::1]",
    ],
)
def test_what_is_no_node(text: str) -> None:
    with pytest.raises(HostingError) as failure:
        parse_node(text)
    assert failure.value.reason == "bad-node"
    assert "NAME=HOST:PORT" in failure.value.advice


@pytest.mark.parametrize("texts", [["a=x", "a=y"], ["a=x", "b=x"], [], ["f"] * 65])
def test_nodes_that_do_not_make_a_network(texts: list[str]) -> None:
    nodes = [parse_node(text) for text in texts]
    with pytest.raises(HostingError) as failure:
        check_nodes(nodes)
    assert failure.value.reason == "bad-node"


def test_a_network_needs_a_validator() -> None:
    with pytest.raises(HostingError, match="0 validators and 1 followers"):
        check_nodes([replace(parse_node("a"), role="follower")])


def test_a_plan_is_read_as_it_was_written(network: HostedNetwork) -> None:
    assert load_plan(network.home) == network.plan
    assert len({node.public_key for node in network.plan.nodes}) == 4


@pytest.mark.parametrize("content", [b"", b"{}", b'{"nodes": [], "no": 1}', b"\xff"])
def test_a_plan_that_is_none(network: HostedNetwork, content: bytes) -> None:
    (network.home / "hosts.json").write_bytes(content)
    with pytest.raises(HostingError) as failure:
        load_plan(network.home)
    assert failure.value.reason == "network-malformed"


def test_a_plan_knows_what_it_was_made_from(network: HostedNetwork) -> None:
    asked = HostPlan(nodes=tuple(replace(node, public_key="") for node in network.plan.nodes))
    assert network.plan.is_made_from(asked)
    assert not network.plan.is_made_from(replace(asked, engine="paxos"))
    assert not network.plan.is_made_from(replace(asked, nodes=asked.nodes[:3]))
