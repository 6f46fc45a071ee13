"""Making networks: the one place where keys, certificates, genesis and homes come into being.

A network's home holds

    network.json         the plan (see `node.testnet.plan`)
    genesis.json         what all nodes start from, and all that a light verifier needs
    network_ca.pem       the authority that admits nodes;  network_ca_key.pem: its key (mode 0600);
                         neither where anybody may join
    faucet.json          a key file (mode 0600): the account that owns what nobody else does
    node0/ … nodeN/      the nodes' homes, validators first
    processes.json       which process is which node
    links.log            what the process with the relays wrote, if the network has one
    prometheus/          a Prometheus that watches it (see `node.testnet.prometheus_files`), if asked for

The demo accounts are derived from the faucet's seed, so they need no files.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from consensus import catalog
from consensus.committee import Committee
from ledger.coin.dealing import Dealing
from ledger.coin.shares import SecretShare
from ledger.genesis import Genesis
from ledger.keys import KeyPair
from node.certificates import (
    AUTHORITY_FILE,
    AUTHORITY_KEY_FILE,
    Authority,
    create_authority,
    load_authority,
    save_authority_key,
)
from node.coins.dealing import deal_coin
from node.derivation import derive_key
from node.identity import Identity, load_identity, save_identity
from node.roster import is_open
from node.serving import get_served
from node.testnet.errors import ClusterError
from node.testnet.homes import (
    GENESIS_FILE,
    Listen,
    SeedPeer,
    format_config,
    making,
    mark_as_fresh,
    write_home,
)
from node.testnet.links import make_link
from node.testnet.plan import (
    PLAN_FILE,
    Member,
    Plan,
    check_plan,
    list_members,
    load_plan,
    save_plan,
)

FAUCET_FILE = "faucet.json"
FAUCET_AMOUNT = 10**15
DEMO_LABEL = "demo"
DEMO_ACCOUNTS = 64
DEMO_AMOUNT = 10**9


@dataclass(frozen=True, slots=True)
class Network:
    """A network that stands in `home`."""

    home: Path
    plan: Plan

    @property
    def members(self) -> tuple[Member, ...]:
        """Its nodes, by number."""
        return list_members(self.home, self.plan)

    @property
    def genesis_path(self) -> Path:
        """Its genesis file."""
        return self.home / GENESIS_FILE

    @property
    def faucet_path(self) -> Path:
        """The key file of the account that owns what nobody else does."""
        return self.home / FAUCET_FILE

    def genesis(self) -> Genesis:
        """Its genesis; raises `GenesisError`."""
        return Genesis.from_json(self.genesis_path.read_bytes())

    def member(self, index: int) -> Member:
        """Node `index`; raises `ClusterError` where there is none."""
        if not 0 <= index < self.plan.nodes:
            raise ClusterError(
                f"there is no node {index}",
                reason="no-such-node",
                advice=f"nodes are numbered from 0 to {self.plan.nodes - 1}",
            )
        return self.members[index]

    def demo_keys(self) -> list[KeyPair]:
        """The accounts that the demo load moves money between."""
        return list_demo_keys(load_identity(self.faucet_path).seed)


def list_demo_keys(faucet_seed: bytes) -> list[KeyPair]:
    """The demo accounts of the network whose faucet has this seed."""
    return [derive_key(faucet_seed, DEMO_LABEL, index) for index in range(DEMO_ACCOUNTS)]


def open_network(home: Path) -> Network:
    """The network in `home`; raises `ClusterError` (network-missing, network-malformed)."""
    folder = home.expanduser().resolve()
    return Network(folder, load_plan(folder))


def exists(home: Path) -> bool:
    """Is there a network in `home`."""
    return (home.expanduser() / PLAN_FILE).exists()


def create_network(home: Path, plan: Plan) -> Network:
    """Make a network in `home`, which must be empty or missing: whole, or not at all.

    Raises `ClusterError`, or the catalog's errors where the engine does not stand such a plan.
    """
    check_plan(plan)
    folder = home.expanduser().resolve()
    keys = [Identity.generate() for _ in range(plan.nodes)]
    faucet = Identity.generate()
    with making(folder) as unfinished:
        dealing = deal_for(plan)
        validators = [key.public_key for key in keys[: plan.validators]]
        genesis = make_genesis(plan, validators, faucet, dealing)
        fill_home(unfinished, plan, genesis, faucet, keys, shares=list_shares(dealing))
    return Network(folder, plan)


def deal_for(plan: Plan) -> Dealing | None:
    """The common coin of the network, if its engine tosses one; refuses as `make_genesis`."""
    spec = get_served(plan.engine)
    parameters = catalog.parse_parameters(spec, plan.parameters)
    return deal_coin(spec, parameters, find_faults(plan), plan.validators)


def list_shares(dealing: Dealing | None) -> list[SecretShare]:
    """What each validator is given, if anything is."""
    scalars = () if dealing is None else dealing.shares
    return [SecretShare.make(index, scalar) for index, scalar in enumerate(scalars)]


def find_faults(plan: Plan) -> int:
    """How many faults the network stands; refuses what the engine's theorem does not cover."""
    spec = get_served(plan.engine)
    faults = spec.default_faults(plan.validators) if plan.faults is None else plan.faults
    catalog.check_configuration(spec, Committee.of(plan.validators, faults))
    return faults


def make_genesis(
    plan: Plan, validators: Sequence[bytes], faucet: Identity, dealing: Dealing | None
) -> Genesis:
    """What the network starts from; refuses what the theorem or nodes do not cover."""
    catalog.parse_parameters(get_served(plan.engine), plan.parameters)
    demo = {key.public_key: DEMO_AMOUNT for key in list_demo_keys(faucet.seed)}
    genesis = Genesis(
        name=plan.name,
        engine=plan.engine,
        engine_parameters=dict(plan.parameters),
        faults=find_faults(plan),
        validators=tuple(validators),
        allocations={faucet.public_key: FAUCET_AMOUNT, **demo},
        timestamp_ms=time.time_ns() // 1_000_000,
        commitments=() if dealing is None else dealing.commitments,
    )
    genesis.check()
    return genesis


def fill_home(
    home: Path,
    plan: Plan,
    genesis: Genesis,
    faucet: Identity,
    keys: Sequence[Identity],
    *,
    shares: Sequence[SecretShare],
) -> None:
    """Write everything that belongs to a network; a validator's share lies beside its key."""
    authority = fill_shared(home, genesis, faucet)
    members = list_members(home, plan)
    workers = plan.mining_workers if catalog.get(plan.engine).tree else 0
    public_keys = [key.public_key for key in keys]
    for member, key in zip(members, keys, strict=True):
        called = relay_calls(member.index, members) if plan.relayed else members
        seeds = list_seeds(called, public_keys)
        share = shares[member.index] if member.index < len(shares) else None
        write_member(member, key, authority, genesis, seeds, mining_workers=workers, share=share)
    save_plan(home, plan)


def fill_shared(home: Path, genesis: Genesis, faucet: Identity) -> Authority | None:
    """Write what belongs to no node of a network; returns its new authority, if it has one."""
    authority = None if is_open(get_served(genesis.engine)) else create_authority(genesis.name)
    (home / GENESIS_FILE).write_text(genesis.to_json(), encoding="utf-8")
    if authority is not None:
        (home / AUTHORITY_FILE).write_bytes(authority.certificate)
        save_authority_key(home / AUTHORITY_KEY_FILE, authority)
    save_identity(home / FAUCET_FILE, faucet)
    return authority


def find_authority(home: Path, genesis: Genesis) -> Authority | None:
    """The authority of a network in `home`; None where anybody may join."""
    if is_open(get_served(genesis.engine)):
        return None
    return load_authority(home / AUTHORITY_FILE, home / AUTHORITY_KEY_FILE)


def list_seeds(members: Sequence[Member], public_keys: Sequence[bytes]) -> list[SeedPeer]:
    """The validators: whoever knows them finds everybody."""
    return [
        SeedPeer(public_key.hex(), f"{member.host}:{member.p2p_port}")
        for member, public_key in zip(members, public_keys, strict=True)
        if member.role == "validator"
    ]


def relay_calls(caller: int, members: Sequence[Member]) -> list[Member]:
    """The members as one of them calls them: each at the address of its relay."""
    addresses = [make_link(caller, member).listen for member in members]
    return [
        msgspec.structs.replace(member, host=address.host, p2p_port=address.port)
        for member, address in zip(members, addresses, strict=True)
    ]


def write_member(
    member: Member,
    key: Identity,
    authority: Authority | None,
    genesis: Genesis,
    seeds: Sequence[SeedPeer],
    *,
    mining_workers: int,
    share: SecretShare | None = None,
) -> None:
    """The home of one node, which calls all validators but itself; validators alone mine."""
    others = [seed for seed in seeds if seed.public_key != key.public_key.hex()]
    listen = Listen(member.host, member.p2p_port, member.api_port)
    workers = mining_workers if member.role == "validator" else 0
    config = format_config(member.name, member.role, listen, others, workers)
    write_home(member.home, key, authority, genesis.to_json(), config, share=share)
    mark_as_fresh(member.home)


def admit_follower(
    network: Network, home: Path, listen: Listen, name: str, mining_workers: int = 0
) -> Identity:
    """Make the home of a further node outside the network's folder.

    It needs the authority's key, unless anybody may join: there it may also mine. Raises
    `SecretFileError` rather than overwrite a home that exists, `ClusterError` (mining-not-open).
    """
    genesis = network.genesis()
    check_mining(genesis, mining_workers)
    authority = find_authority(network.home, genesis)
    validators = network.members[: network.plan.validators]
    seeds = list_seeds(validators, genesis.validators)
    identity = Identity.generate()
    role: Literal["validator", "follower"] = "validator" if mining_workers else "follower"
    config = format_config(name, role, listen, seeds, mining_workers)
    folder = home.expanduser().resolve()
    write_home(folder, identity, authority, genesis.to_json(), config)
    mark_as_fresh(folder)
    return identity


def check_mining(genesis: Genesis, mining_workers: int) -> None:
    """Refuse those who join to mine where a committee decides; raises `ClusterError`."""
    if mining_workers and not is_open(get_served(genesis.engine)):
        raise ClusterError(
            f"nobody joins {genesis.name} to mine: a committee decides there",
            reason="mining-not-open",
            advice="leave --miners out",
        )
