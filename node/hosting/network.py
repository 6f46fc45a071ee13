"""Making a network for several hosts: keys, certificates and genesis, and one bundle per node.

The home of such a network holds

    hosts.json           the plan (see `node.hosting.plan`)
    genesis.json         what all nodes start from, and all that a light verifier needs
    network_ca.pem       the authority that admits nodes;  network_ca_key.pem: its key (mode 0600);
                         neither where anybody may join
    faucet.json          a key file (mode 0600): the account that owns what nobody else does
    bundles/NAME.json    what node NAME is installed from (mode 0600)

Only bundles are carried to hosts. The rest stays with whoever made the network: offline is best.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from consensus import catalog
from ledger.coin.shares import SecretShare
from ledger.genesis import Genesis
from node.certificates import Authority
from node.hosting.bundle import save_bundle
from node.hosting.errors import HostingError
from node.hosting.plan import (
    PLAN_FILE,
    HostedNode,
    HostPlan,
    check_nodes,
    load_plan,
    save_plan,
)
from node.identity import Identity
from node.testnet.homes import GENESIS_FILE, Listen, SeedPeer, format_config, make_files, making
from node.testnet.network import (
    deal_for,
    fill_shared,
    find_authority,
    list_shares,
    make_genesis,
)

BUNDLES_FOLDER = "bundles"


@dataclass(frozen=True, slots=True)
class HostedNetwork:
    """A network for several hosts that stands in `home`."""

    home: Path
    plan: HostPlan

    def genesis(self) -> Genesis:
        """Its genesis; raises `GenesisError`."""
        return Genesis.from_json((self.home / GENESIS_FILE).read_bytes())

    def bundle(self, node: HostedNode) -> Path:
        """What that node is installed from."""
        return self.home / BUNDLES_FOLDER / f"{node.name}.json"


def open_hosted(home: Path) -> HostedNetwork:
    """The network in `home`; raises `HostingError` (network-missing, network-malformed)."""
    folder = home.expanduser().resolve()
    return HostedNetwork(folder, load_plan(folder))


def create_hosted(home: Path, asked: HostPlan) -> HostedNetwork:
    """Make a network in `home`, which must be empty or missing: whole, or not at all.

    Raises `HostingError`, `ClusterError` (home-not-empty), or the catalog's errors where the engine
    does not stand such a plan.
    """
    check_nodes(asked.nodes)
    keys = [Identity.generate() for _ in asked.nodes]
    faucet = Identity.generate()
    folder = home.expanduser().resolve()
    with making(folder) as unfinished:
        dealing = deal_for(asked.beginning)
        shares = list_shares(dealing)
        genesis = make_genesis(asked.beginning, [key.public_key for key in keys], faucet, dealing)
        authority = fill_shared(unfinished, genesis, faucet)
        named = tuple(
            msgspec.structs.replace(node, public_key=key.public_key.hex())
            for node, key in zip(asked.nodes, keys, strict=True)
        )
        network = HostedNetwork(unfinished, msgspec.structs.replace(asked, nodes=named))
        (unfinished / BUNDLES_FOLDER).mkdir(mode=0o700)
        for index, (node, key) in enumerate(zip(named, keys, strict=True)):
            share = shares[index] if shares else None
            write_bundle(network, node, key, authority, genesis, share=share)
        save_plan(unfinished, network.plan)
    return HostedNetwork(folder, network.plan)


def open_or_create(home: Path, asked: HostPlan) -> tuple[HostedNetwork, bool]:
    """The network in `home`, and whether it was made now.

    Raises `HostingError` (network-differs) where the one that is there is not what is asked for.
    """
    folder = home.expanduser().resolve()
    if not (folder / PLAN_FILE).exists():
        return create_hosted(folder, asked), True
    network = open_hosted(folder)
    if not network.plan.is_made_from(asked):
        raise HostingError(
            f"{folder} holds another network: {describe(network.plan)}, not {describe(asked)}",
            reason="network-differs",
            advice="ask for the same one to keep it, or make a new one in another folder",
        )
    return network, False


def describe(plan: HostPlan) -> str:
    """A network in a few words."""
    names = " ".join(f"{node.name}={node.seed.address}" for node in plan.validators)
    parameters = "".join(f" {key}={value}" for key, value in sorted(plan.parameters.items()))
    return f"{plan.name}, {plan.engine}{parameters} on {names}"


def admit(network: HostedNetwork, asked: HostedNode) -> tuple[HostedNetwork, HostedNode]:
    """Make the bundle of one more node, which follows until the validators vote it in.

    Raises `HostingError` (bad-node), or `CertificateError` and `SecretFileError` where the
    authority's key is not here.
    """
    genesis = network.genesis()
    authority = find_authority(network.home, genesis)
    identity = Identity.generate()
    node = msgspec.structs.replace(asked, role="follower", public_key=identity.public_key.hex())
    plan = msgspec.structs.replace(network.plan, nodes=(*network.plan.nodes, node))
    check_nodes(plan.nodes)
    larger = HostedNetwork(network.home, plan)
    write_bundle(larger, node, identity, authority, genesis)
    save_plan(network.home, plan)
    return larger, node


def write_bundle(
    network: HostedNetwork,
    node: HostedNode,
    key: Identity,
    authority: Authority | None,
    genesis: Genesis,
    *,
    share: SecretShare | None = None,
) -> None:
    """What a node is installed from; it calls all others of the network."""
    plan = network.plan
    is_miner = node.role == "validator" and catalog.get(plan.engine).tree
    config = format_config(
        node.name,
        node.role,
        Listen(plan.listen, node.port, plan.api_port, plan.api_listen),
        list_seeds(plan.nodes, node),
        plan.mining_workers if is_miner else 0,
    )
    files = make_files(key, authority, genesis.to_json(), config, share)
    save_bundle(network.bundle(node), node.name, files)


def list_seeds(nodes: Sequence[HostedNode], caller: HostedNode) -> list[SeedPeer]:
    """All but the caller: a pair that calls each other keeps one link."""
    return [node.seed for node in nodes if node.name != caller.name]
