"""How single values are spelled in JSON, both ways.

Amounts are decimal strings (JSON numbers lose digits in many languages), bytes are lower-case hex,
public keys are addresses with a checksum. Each type reads exactly one spelling of a value, so a
value that was read and written again is the same text. A misspelt value raises
`PydanticCustomError` whose type is our stable reason.
"""

import functools
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from ledger.address import decode_address, encode_address
from ledger.errors import LedgerError

U64_MAX = 2**64 - 1
HASH_SIZE = 32
SIGNATURE_SIZE = 64

ADDRESS_SCHEMA = {
    "type": "string",
    "pattern": "^quo1[02-9ac-hj-np-z]{58}$",
    "description": "A public key as text, with a checksum.",
    "examples": [encode_address(bytes(HASH_SIZE))],
}

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_U64_PATTERN = "^(0|[1-9][0-9]{0,19})$"


ADDRESSES_KEPT_MAX = 8192
spell_address = functools.lru_cache(ADDRESSES_KEPT_MAX)(encode_address)
_decode_address = functools.lru_cache(ADDRESSES_KEPT_MAX)(decode_address)
"""The checksum costs some 50 µs in Python, and the same accounts come again and again."""


def parse_amount(value: object) -> int:
    """Read an amount: a decimal string without sign, leading zeros or point, below 2^64."""
    if not isinstance(value, str):
        raise PydanticCustomError("field-bad-amount", "must be a decimal string")
    if not _DECIMAL.fullmatch(value):
        raise PydanticCustomError("field-bad-amount", "must be digits without a leading zero")
    if (amount := int(value)) > U64_MAX:
        raise PydanticCustomError("field-out-of-range", "must be below 2^64")
    return amount


def parse_hex(value: object, size: int | None = None) -> bytes:
    """Read lower-case hex of `size` bytes, or of any size. Bytes pass, for our own values."""
    if isinstance(value, str):
        if not _HEX.fullmatch(value):
            raise PydanticCustomError("field-bad-hex", "must be lower-case hex, two digits a byte")
        value = bytes.fromhex(value)
    if not isinstance(value, bytes):
        raise PydanticCustomError("field-bad-hex", "must be a string of hex")
    if size is not None and len(value) != size:
        raise PydanticCustomError("field-bad-hex", "must be {size} bytes of hex", {"size": size})
    return value


def parse_address(value: object) -> bytes:
    """Read an address into a public key (32 bytes). Bytes pass, for our own values."""
    if isinstance(value, bytes) and len(value) == HASH_SIZE:
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("field-bad-address", "must be an address in a string")
    try:
        return _decode_address(value)
    except LedgerError as error:
        raise PydanticCustomError("field-bad-address", "is not an address") from error


def _hex_of(size: int) -> Callable[[object], bytes]:
    return lambda value: parse_hex(value, size)


def _text(pattern: str, example: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example], **more})


Amount = Annotated[
    int,
    BeforeValidator(parse_amount),
    PlainSerializer(str, return_type=str),
    _text(_U64_PATTERN, "1000", description="A decimal string, below 2^64."),
]
"""Reads and writes a decimal string; an int in Python."""

U64 = Annotated[int, Field(ge=0, le=U64_MAX)]
"""Heights, nonces and other counts: a JSON number."""

HexBytes = Annotated[
    bytes,
    BeforeValidator(parse_hex),
    PlainSerializer(bytes.hex, return_type=str),
    _text("^([0-9a-f]{2})*$", "c0ffee"),
]

Hash = Annotated[
    bytes,
    BeforeValidator(_hex_of(HASH_SIZE)),
    PlainSerializer(bytes.hex, return_type=str),
    _text("^[0-9a-f]{64}$", "00" * HASH_SIZE),
]
"""32 bytes: the id of a transaction or block, a root, a chain id, a raw public key."""

Signature = Annotated[
    bytes,
    BeforeValidator(_hex_of(SIGNATURE_SIZE)),
    PlainSerializer(bytes.hex, return_type=str),
    _text("^[0-9a-f]{128}$", "00" * SIGNATURE_SIZE),
]

Address = Annotated[
    bytes,
    BeforeValidator(parse_address),
    PlainSerializer(spell_address, return_type=str),
    WithJsonSchema(ADDRESS_SCHEMA),
]
"""A public key (32 bytes) in Python, an address with a checksum in JSON."""
