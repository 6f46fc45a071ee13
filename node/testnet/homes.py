"""Home folders of nodes: everything that `quorate node run` reads, written once."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from node.certificates import AUTHORITY_FILE, CERTIFICATE_FILE, Authority
from node.config import CONFIG_FILE
from node.identity import Identity, save_identity
from node.journal import create_journal

GENESIS_FILE = "genesis.json"
KEY_FILE = "node_key.json"
DATA_FOLDER = "data"
JOURNAL_FILE = "journal"


class Listen(NamedTuple):
    """Where a node listens."""

    host: str
    p2p_port: int
    api_port: int


class SeedPeer(NamedTuple):
    """A peer to call: its public key in hex, and host:port."""

    public_key: str
    address: str


def format_config(
    name: str,
    role: Literal["validator", "follower"],
    listen: Listen,
    seeds: Sequence[SeedPeer],
    mining_workers: int = 0,
) -> str:
    """The text of a `config.toml`; a JSON string is a TOML string too."""
    lines = [f"name = {json.dumps(name)}", f"role = {json.dumps(role)}", "", "[p2p]"]
    lines += [f"host = {json.dumps(listen.host)}", f"port = {listen.p2p_port}", "seeds = ["]
    lines += [
        f'    {{ public_key = "{seed.public_key}", address = {json.dumps(seed.address)} }},'
        for seed in seeds
    ]
    lines += ["]", "", "[api]", f"host = {json.dumps(listen.host)}", f"port = {listen.api_port}"]
    if mining_workers:
        lines += ["", "[mining]", f"workers = {mining_workers}"]
    return "\n".join(lines) + "\n"


def write_home(
    home: Path,
    identity: Identity,
    authority: Authority | None,
    genesis_text: str,
    config_text: str,
) -> None:
    """Fill a node's home: configuration, genesis, key, and certificates if there is an authority."""
    home.mkdir(parents=True, exist_ok=True)
    save_identity(home / KEY_FILE, identity)
    (home / CONFIG_FILE).write_text(config_text, encoding="utf-8")
    (home / GENESIS_FILE).write_text(genesis_text, encoding="utf-8")
    if authority is not None:
        (home / AUTHORITY_FILE).write_bytes(authority.certificate)
        (home / CERTIFICATE_FILE).write_bytes(authority.issue(identity.public_key))
    (home / DATA_FOLDER).mkdir(exist_ok=True)


def mark_as_fresh(home: Path) -> None:
    """Give a new node its empty journal; without one it would not dare to vote, now or later."""
    create_journal(home / DATA_FOLDER / JOURNAL_FILE)
