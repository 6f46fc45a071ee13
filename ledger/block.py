r"""Payloads are decided, headers are derived.

```text
payload   = [timestamp ms, proposer (32), ids (32 each, concatenated)]          a "value" of an engine
core      = [height, parent (32), payload digest (32), transaction root (32), state root (32),
             receipts root (32), timestamp ms, proposer (32 or empty)]
core digest = SHA-256("quorate/header-core/1\0" core)
block id    = SHA-256(SHA-256("quorate/header/1\0" core digest claim))
receipt   = [transaction id (32), status, reason, fee]
```

Roots are those *after* the block. `claim` belongs to the engine and is empty for most; with proof
of work the block id is the proof's hash, which is why it is hashed twice. A null has no proposer.
"""

from enum import StrEnum
from hashlib import sha256

import msgspec

from ledger.codec import U64, Codec, Hash, PublicKey, encode
from ledger.errors import PayloadError
from ledger.hashing import HASH_SIZE_BYTES, HEADER_CORE_DOMAIN, HEADER_DOMAIN
from ledger.reasons import Reason

NO_PROPOSER = b""


class Payload(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What an engine orders at a height; bodies travel apart."""

    timestamp_ms: U64
    proposer: PublicKey
    ids: bytes = b""

    @property
    def count(self) -> int:
        """How many transactions it orders."""
        return len(self.ids) // HASH_SIZE_BYTES

    def split_ids(self) -> list[bytes]:
        """The ids one by one."""
        ids = self.ids
        return [ids[at : at + HASH_SIZE_BYTES] for at in range(0, len(ids), HASH_SIZE_BYTES)]


_payloads: Codec[Payload] = Codec(
    Payload, PayloadError, Reason.PAYLOAD_MALFORMED, Reason.PAYLOAD_NOT_CANONICAL
)


def encode_payload(timestamp_ms: int, proposer: bytes, ids: list[bytes]) -> bytes:
    """The value that orders `ids`."""
    return encode(Payload(timestamp_ms, proposer, b"".join(ids)))


def decode_payload(value: bytes) -> Payload:
    """The payload that a value spells; raises `PayloadError`."""
    payload = _payloads.decode(value)
    if len(payload.ids) % HASH_SIZE_BYTES:
        raise PayloadError(Reason.PAYLOAD_MALFORMED, "ids have 32 bytes each")
    return payload


class Header(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What every node derives after a decision; see the module for the grammar."""

    height: U64
    parent: Hash
    payload_digest: Hash
    transaction_root: Hash
    state_root: Hash
    receipts_root: Hash
    timestamp_ms: U64
    proposer: bytes
    claim: bytes = b""


class _Core(msgspec.Struct, frozen=True, array_like=True):
    height: int
    parent: bytes
    payload_digest: bytes
    transaction_root: bytes
    state_root: bytes
    receipts_root: bytes
    timestamp_ms: int
    proposer: bytes


def compute_core_digest(header: Header) -> bytes:
    """The hash of all fields but the claim: what a miner starts from."""
    core = _Core(*(getattr(header, name) for name in _Core.__struct_fields__))
    return sha256(HEADER_CORE_DOMAIN + encode(core)).digest()


def header_id(header: Header) -> bytes:
    """The 32-byte id of the block."""
    inner = sha256(HEADER_DOMAIN + compute_core_digest(header) + header.claim).digest()
    return sha256(inner).digest()


class ReceiptStatus(StrEnum):
    """What became of an included transaction."""

    APPLIED = "applied"
    FAILED = "failed"


class Receipt(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Outcome of one included transaction: "failed" used up fee and nonce for the given reason."""

    id: Hash
    status: str
    reason: str
    fee: U64


class Skipped(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An ordered transaction without any effect; it may be ordered again."""

    id: Hash
    reason: str
