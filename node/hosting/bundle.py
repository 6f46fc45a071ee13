"""A bundle: all that one node needs to begin, in one file that is carried to where it runs.

{"format": "quorate-home/1", "name": "quorate-0", "files": {"config.toml": "…", "genesis.json": "…",
 "network_ca.pem": "…", "node_cert.pem": "…", "node_key.json": "…"}}

A validator of an engine that tosses common coins has "coin_share.json" too: see `ledger.coin`.

It holds the node's private key: whoever reads it can vote as the node. It is written with mode
0600, but read with any, since a Kubernetes Secret shows its entries to the group of the pod.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from ledger.errors import LedgerError
from ledger.genesis import Genesis
from node.certificates import AUTHORITY_FILE, CERTIFICATE_FILE, check_certificate
from node.coins.share_file import SHARE_FILE, check_share_file
from node.config import CONFIG_FILE
from node.errors import NodeError
from node.hosting.errors import HostingError
from node.identity import Identity, parse_identity
from node.secret_files import write_secret
from node.testnet.homes import GENESIS_FILE, KEY_FILE

REQUIRED = frozenset({CONFIG_FILE, GENESIS_FILE, KEY_FILE})
CERTIFICATES = frozenset({AUTHORITY_FILE, CERTIFICATE_FILE})
"""Both or neither: a network that anybody may join has no authority."""
SIZE_BYTES_MAX = 1024 * 1024
"""What a Kubernetes Secret may hold in all."""


class _BundleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["quorate-home/1"]
    name: str
    files: dict[str, str]


class Bundle(msgspec.Struct, frozen=True):
    """A checked bundle: the files of a home by name, whose node this is, and of which network."""

    name: str
    files: Mapping[str, str]
    identity: Identity
    genesis: Genesis


def save_bundle(path: Path, name: str, files: Mapping[str, bytes]) -> None:
    """Write a bundle (mode 0600); raises `SecretFileError` rather than overwrite one."""
    texts = {key: content.decode() for key, content in files.items()}
    content = msgspec.json.encode(_BundleFile("quorate-home/1", name, texts))
    write_secret(path, msgspec.json.format(content, indent=2) + b"\n")


def load_bundle(path: Path) -> Bundle:
    """Read a bundle, and check that its parts belong together.

    Raises `HostingError` (bundle-unreadable, bundle-malformed).
    """
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_BYTES_MAX + 1)
    except OSError as error:
        raise HostingError(
            f"{path} cannot be read: {error.strerror}",
            reason="bundle-unreadable",
            advice="`quorate network init` makes one for each node",
        ) from error
    try:
        return parse_bundle(data, path)
    except (msgspec.MsgspecError, UnicodeDecodeError, NodeError, LedgerError) as error:
        raise HostingError(
            f"{path} is not the bundle of a node: {error}",
            reason="bundle-malformed",
            advice="carry it here again from where the network was made",
        ) from error


def parse_bundle(data: bytes, path: Path) -> Bundle:
    """The bundle in these bytes; raises what its parts raise."""
    content = msgspec.json.decode(data, type=_BundleFile)
    given = set(content.files)
    known = given - {SHARE_FILE}
    if len(data) > SIZE_BYTES_MAX or known not in (REQUIRED, REQUIRED | CERTIFICATES):
        raise HostingError(f"its files are {', '.join(sorted(given))}", reason="bundle-malformed")
    identity = parse_identity(content.files[KEY_FILE].encode(), path)
    if given & CERTIFICATES:
        check_certificate(
            identity,
            content.files[AUTHORITY_FILE].encode(),
            content.files[CERTIFICATE_FILE].encode(),
        )
    genesis = Genesis.from_json(content.files[GENESIS_FILE])
    if SHARE_FILE in given:
        check_share_file(content.files[SHARE_FILE].encode(), path, identity, genesis)
    return Bundle(content.name, content.files, identity, genesis)
