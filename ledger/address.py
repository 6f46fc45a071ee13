"""Addresses: the text form of an account, Bech32m (BIP 350) over the 32-byte public key.

`quo1` + 52 symbols + 6 checksum symbols. The checksum finds every error of up to four symbols.
One spelling only: lower case.
"""

from ledger.errors import AddressError
from ledger.reasons import Reason

PREFIX = "quo"
_SYMBOLS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {symbol: value for value, symbol in enumerate(_SYMBOLS)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32M = 0x2BC830A3
_CHECKSUM_SYMBOLS = 6
_KEY_SYMBOLS = 52
_KEY_BITS = 256


def compute_checksum(values: list[int]) -> int:
    """The BCH code of BIP 173 over 5-bit values."""
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                state ^= generator
    return state


def expand_prefix(prefix: str) -> list[int]:
    """The prefix as it enters the checksum."""
    return [ord(symbol) >> 5 for symbol in prefix] + [0] + [ord(symbol) & 31 for symbol in prefix]


def encode_bech32m(prefix: str, values: list[int]) -> str:
    """The text of 5-bit values under a prefix."""
    padded = expand_prefix(prefix) + values + [0] * _CHECKSUM_SYMBOLS
    checksum = compute_checksum(padded) ^ _BECH32M
    tail = [checksum >> 5 * (_CHECKSUM_SYMBOLS - 1 - i) & 31 for i in range(_CHECKSUM_SYMBOLS)]
    return prefix + "1" + "".join(_SYMBOLS[value] for value in values + tail)


def encode_address(public_key: bytes) -> str:
    """The address of a 32-byte public key."""
    if len(public_key) * 8 != _KEY_BITS:
        raise AddressError(Reason.ADDRESS_MALFORMED, "a public key has 32 bytes")
    number = int.from_bytes(public_key, "big") << 4  # 256 bits padded to 52 symbols of 5 bits
    values = [number >> 5 * (_KEY_SYMBOLS - 1 - i) & 31 for i in range(_KEY_SYMBOLS)]
    return encode_bech32m(PREFIX, values)


def decode_address(text: str) -> bytes:
    """The 32-byte public key of an address; raises `AddressError`."""
    head, symbols = text[: len(PREFIX) + 1], text[len(PREFIX) + 1 :]
    if head != PREFIX + "1" or len(symbols) != _KEY_SYMBOLS + _CHECKSUM_SYMBOLS:
        raise AddressError(
            Reason.ADDRESS_MALFORMED,
            f"an address is {PREFIX}1 and {_KEY_SYMBOLS + _CHECKSUM_SYMBOLS} symbols",
        )
    if any(symbol not in _VALUES for symbol in symbols):
        raise AddressError(Reason.ADDRESS_MALFORMED, f"symbols are {_SYMBOLS}")
    values = [_VALUES[symbol] for symbol in symbols]
    if compute_checksum(expand_prefix(PREFIX) + values) != _BECH32M:
        raise AddressError(Reason.ADDRESS_BAD_CHECKSUM, "mistyped: the checksum does not match")
    number = 0
    for value in values[:_KEY_SYMBOLS]:
        number = number << 5 | value
    if number & 15:
        raise AddressError(Reason.ADDRESS_MALFORMED, "the padding is not zero")
    return (number >> 4).to_bytes(_KEY_BITS // 8, "big")
