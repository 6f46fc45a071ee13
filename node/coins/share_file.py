"""A validator's secret share of its network's common coins.

`coin_share.json`, beside the node's key and with its mode 0600, holds exactly

    {"format": "quorate-coin-share/1", "key": "<64 hex digits>", "secret": "<64 hex digits>"}

The key is the member's verification key, which follows from the genesis; the secret is a number below
the group's order, little-endian.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from ledger.coin.keys import CoinKeys
from ledger.coin.shares import SecretShare
from ledger.errors import CoinError
from ledger.genesis import Genesis
from node.errors import NodeError
from node.identity import Identity
from node.secret_files import SecretFileError, read_secret

SHARE_FILE = "coin_share.json"
FORMAT: Final = "quorate-coin-share/1"

ADVICE = "restore it from a copy of this validator's home or bundle: nobody can make it again"

Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class CoinShareError(NodeError):
    """The share is not that of this validator, or the genesis has no coin."""

    reason = "coin-share-foreign"


class _ShareFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["quorate-coin-share/1"]
    key: Hex32
    secret: Hex32


def format_share(share: SecretShare) -> bytes:
    """The content of a share's file."""
    content = _ShareFile(FORMAT, share.key.hex(), share.scalar.hex())
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def load_share(path: Path, keys: CoinKeys, index: int) -> SecretShare:
    """The share of member `index`.

    Raises `SecretFileError` when it is missing, malformed or readable by others, and
    `CoinShareError` when it is not what was dealt to that member.
    """
    try:
        data = read_secret(path)
    except SecretFileError as error:
        error.advice = error.advice or ADVICE
        raise
    return parse_share(data, path, keys, index)


def parse_share(data: bytes, path: Path, keys: CoinKeys, index: int) -> SecretShare:
    """The share in the content of a file; `path` is named in errors, which are those of `load_share`."""
    try:
        content = msgspec.json.decode(data, type=_ShareFile)
        share = SecretShare.make(index, bytes.fromhex(content.secret))
    except (msgspec.MsgspecError, UnicodeDecodeError, CoinError) as error:
        raise SecretFileError(
            f"{path} is not the share of a coin: {error}",
            reason="key-file-malformed",
            advice=ADVICE,
        ) from error
    if not 0 <= index < len(keys.keys) or share.key != keys.keys[index]:
        raise CoinShareError(
            f"{path} is not what was dealt to validator {index} of this network",
            advice=ADVICE,
        )
    return share


def check_share_file(data: bytes, path: Path, identity: Identity, genesis: Genesis) -> None:
    """Refuse a file that is not what was dealt to a node; raises what `load_share` does, `CoinError`."""
    if identity.public_key not in genesis.validators:
        raise CoinShareError(f"{path} holds the share of a coin, and is no validator's")
    keys = CoinKeys.derive(genesis.commitments, len(genesis.validators))
    parse_share(data, path, keys, genesis.validators.index(identity.public_key))
