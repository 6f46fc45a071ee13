r"""Transactions: what they say, their canonical bytes, their id and their signature.

Grammar (msgpack, one array):

```text
transaction = [version, chain id (32), sender (32), nonce, fee, valid until, payload, signature (64)]
payload     = [1, recipient (32), amount] | [2, key, value] | [3, add, remove, faults]
unsigned    = the same bytes without the signature's last 66 (its bin header and 64 bytes)
signed bytes = "quorate/transaction/1\0" unsigned       id = SHA-256(signed bytes)
```

The id excludes the signature, so that nobody can rename a transaction by signing it twice.
"""

from hashlib import sha256
from typing import TypeAlias

import msgspec

from ledger.codec import DECODE_FAILURES, U64, U64_MAX, Hash, PublicKey, Signature, encode
from ledger.errors import TransactionError
from ledger.hashing import TRANSACTION_DOMAIN
from ledger.keys import KeyPair
from ledger.reasons import Reason

VERSION = 1
TRANSACTION_BYTES_HARD_MAX = 256 * 1024
"""No network's limit may exceed this: larger input is refused before it is decoded."""

_SIGNATURE_TAIL_BYTES = 2 + 64


class Transfer(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=1, gc=False
):
    """Pay `amount` to `recipient`, an account that need not exist yet."""

    recipient: PublicKey
    amount: U64


class Record(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=2, gc=False
):
    """Write `value` under `key` among the sender's records; an empty value deletes the record."""

    key: bytes
    value: bytes


class Reconfigure(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=3, gc=False
):
    """A validator votes for another committee: with the validator `add`, without `remove`.

    Both are public keys (32 bytes) or empty; `faults` is how many faults the new one is to stand.
    """

    add: bytes
    remove: bytes
    faults: U64


TransactionPayload: TypeAlias = Transfer | Record | Reconfigure


class Transaction(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False
):
    """What an account asks for, signed.

    `nonce` counts the sender's transactions from 0; `fee` goes to the proposer; the transaction
    may stand in blocks up to and including height `valid_until`.
    """

    version: U64
    chain_id: Hash
    sender: PublicKey
    nonce: U64
    fee: U64
    valid_until: U64
    payload: TransactionPayload
    signature: Signature


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """A transaction together with its id (32 bytes) and its canonical bytes, computed once."""

    id: bytes
    raw: bytes
    transaction: Transaction


_decode = msgspec.msgpack.Decoder(Transaction).decode


def decode_transaction(raw: bytes) -> Envelope:
    """The transaction that `raw` spells; its signature is not verified here.

    Raises `TransactionError`: too large, malformed, or not the canonical bytes.
    """
    if len(raw) > TRANSACTION_BYTES_HARD_MAX:
        raise TransactionError(Reason.TX_TOO_LARGE, f"{len(raw)} bytes")
    try:
        transaction = _decode(raw)
    except DECODE_FAILURES as error:
        raise TransactionError(Reason.TX_MALFORMED, str(error)) from error
    if encode(transaction) != raw:
        raise TransactionError(Reason.TX_NOT_CANONICAL, "the bytes have another spelling")
    digest = sha256(TRANSACTION_DOMAIN + raw[:-_SIGNATURE_TAIL_BYTES]).digest()
    return Envelope(digest, raw, transaction)


def signing_bytes(envelope: Envelope) -> bytes:
    """The bytes that the sender's signature covers."""
    return TRANSACTION_DOMAIN + envelope.raw[:-_SIGNATURE_TAIL_BYTES]


def build(  # noqa: PLR0917 - what a transaction says, in its order
    chain_id: bytes,
    keypair: KeyPair,
    nonce: int,
    fee: int,
    valid_until: int,
    payload: TransactionPayload,
) -> Envelope:
    """A signed transaction of the holder of `keypair`.

    Raises `TransactionError` (tx-malformed) for numbers outside u64 and keys of a wrong length.
    """
    numbers = (nonce, fee, valid_until, _get_number(payload))
    if min(numbers) < 0 or max(numbers) > U64_MAX:
        raise TransactionError(Reason.TX_MALFORMED, "numbers are unsigned and fit in 64 bits")
    blank = Transaction(
        VERSION, chain_id, keypair.public_key, nonce, fee, valid_until, payload, bytes(64)
    )
    unsigned = encode(blank)[:-_SIGNATURE_TAIL_BYTES]
    signature = keypair.sign(TRANSACTION_DOMAIN + unsigned)
    return decode_transaction(encode(msgspec.structs.replace(blank, signature=signature)))


def _get_number(payload: TransactionPayload) -> int:
    """The number in a payload, if there is one."""
    if isinstance(payload, Transfer):
        return payload.amount
    return payload.faults if isinstance(payload, Reconfigure) else 0
