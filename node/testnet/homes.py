"""Home folders of nodes: everything that `quorate node run` reads, written once."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from ledger.coin.shares import SecretShare
from node.certificates import AUTHORITY_FILE, CERTIFICATE_FILE, Authority
from node.coins.share_file import SHARE_FILE, format_share
from node.config import CONFIG_FILE
from node.identity import Identity, format_identity
from node.journal import create_journal
from node.secret_files import write_secret
from node.testnet.errors import ClusterError

GENESIS_FILE = "genesis.json"
KEY_FILE = "node_key.json"
DATA_FOLDER = "data"
JOURNAL_FILE = "journal"


class Listen(NamedTuple):
    """Where a node listens: for peers and for HTTP, on the same host unless told."""

    host: str
    p2p_port: int
    api_port: int
    api_host: str | None = None


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
    api_host = listen.host if listen.api_host is None else listen.api_host
    lines += ["]", "", "[api]", f"host = {json.dumps(api_host)}", f"port = {listen.api_port}"]
    if mining_workers:
        lines += ["", "[mining]", f"workers = {mining_workers}"]
    return "\n".join(lines) + "\n"


def make_files(
    identity: Identity,
    authority: Authority | None,
    genesis_text: str,
    config_text: str,
    share: SecretShare | None = None,
) -> dict[str, bytes]:
    """The files of a home by name: configuration, genesis, and certificates if there is an authority.

    The last ones are secret: the share of the common coin, if the node has one, and the key.
    """
    files = {CONFIG_FILE: config_text.encode(), GENESIS_FILE: genesis_text.encode()}
    if authority is not None:
        files[AUTHORITY_FILE] = authority.certificate
        files[CERTIFICATE_FILE] = authority.issue(identity.public_key)
    if share is not None:
        files[SHARE_FILE] = format_share(share)
    return files | {KEY_FILE: format_identity(identity)}


def write_home(
    home: Path,
    identity: Identity,
    authority: Authority | None,
    genesis_text: str,
    config_text: str,
    *,
    share: SecretShare | None = None,
) -> None:
    """Fill a node's home: configuration, genesis, key, and what else it has: see `make_files`.

    Raises `SecretFileError` rather than overwrite a key, before anything else is written.
    """
    files = make_files(identity, authority, genesis_text, config_text, share)
    home.mkdir(parents=True, exist_ok=True)
    write_secret(home / KEY_FILE, files.pop(KEY_FILE))
    for name, content in files.items():
        if name == SHARE_FILE:
            write_secret(home / name, content)
        else:
            (home / name).write_bytes(content)
    (home / DATA_FOLDER).mkdir(exist_ok=True)


@contextmanager
def making(home: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `home` at the end of the block: whole, or not at all.

    Raises `ClusterError` (home-not-empty) where `home` is anything but empty or missing.
    """
    folder = home.expanduser().resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ClusterError(
            f"{folder} is not empty and holds no network",
            reason="home-not-empty",
            advice="name a new or an empty folder with --home",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}.making-{os.getpid()}")
    try:
        unfinished.mkdir(mode=0o755)
        yield unfinished
        unfinished.replace(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def mark_as_fresh(home: Path) -> None:
    """Give a new node its empty journal; without one it would not dare to vote, now or later."""
    create_journal(home / DATA_FOLDER / JOURNAL_FILE)
