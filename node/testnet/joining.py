"""Joining a network that anybody may join, with nothing but its genesis and the address of a node."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ledger.genesis import Genesis
from node.identity import Identity
from node.peers.records import AddressError, PeerAddress
from node.roster import is_open
from node.serving import get_served
from node.testnet.errors import ClusterError
from node.testnet.homes import Listen, SeedPeer, format_config, write_home


def join_open_network(
    genesis_path: Path,
    seeds: Sequence[str],
    home: Path,
    listen: Listen,
    *,
    name: str,
    mining_workers: int,
) -> Identity:
    """Make the home of a stranger: a follower, or with mining processes a miner.

    Seeds are `KEY@HOST:PORT`. Raises `ClusterError` (genesis-unreadable, network-not-open, no-seed),
    `AddressError`, `GenesisError`, or `SecretFileError` rather than overwrite a home that exists.
    """
    genesis = read_genesis(genesis_path)
    if not is_open(get_served(genesis.engine)):
        raise ClusterError(
            f"an authority admits the nodes of {genesis.name}",
            reason="network-not-open",
            advice="whoever holds its key can make a home with `quorate node init --network`",
        )
    peers = [parse_seed(text) for text in seeds]
    if not peers:
        raise ClusterError("no seed to call", reason="no-seed", advice="name one with --seed")
    identity = Identity.generate()
    role: Literal["validator", "follower"] = "validator" if mining_workers else "follower"
    config = format_config(name, role, listen, peers, mining_workers)
    write_home(home.expanduser().resolve(), identity, None, genesis.to_json(), config)
    return identity


def read_genesis(path: Path) -> Genesis:
    """The genesis in a file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ClusterError(
            f"{path} cannot be read: {error.strerror}",
            reason="genesis-unreadable",
            advice="any node of the network can give you its genesis.json",
        ) from error
    return Genesis.from_json(data)


def parse_seed(text: str) -> SeedPeer:
    """`KEY@HOST:PORT`, the key in 64 hexadecimal digits."""
    key, _, address = text.partition("@")
    peer = PeerAddress.parse(address, key.lower())
    if peer.public_key is None:
        raise AddressError(f"{text!r} is not KEY@HOST:PORT")
    return SeedPeer(peer.public_key.hex(), str(peer))
