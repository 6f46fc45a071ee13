"""Bitcoin's compact encoding of a target ("nBits"): 32 bits for a 256-bit threshold.

The highest byte is a length in bytes, the lower three are the leading bytes of the number, of which
the highest bit is a sign that no target may have. One number has many spellings; `encode_compact`
gives the normal one, and rounds down, so a target that was computed is cut to 23 bits. All edges
are those of `arith_uint256::SetCompact` and `GetCompact` in Bitcoin Core.
"""

from functools import lru_cache
from typing import NamedTuple

COMPACT_MAX = 0xFFFF_FFFF
MANTISSA = 0x007F_FFFF
SIGN = 0x0080_0000
TARGET_MAX = (1 << 256) - 1


class Compact(NamedTuple):
    """What 32 bits say: the number without its sign, and what is wrong with it as a target."""

    magnitude: int
    is_negative: bool
    overflows: bool

    @property
    def is_target(self) -> bool:
        """Is it a positive number below 2^256."""
        return self.magnitude > 0 and not self.is_negative and not self.overflows


@lru_cache(maxsize=1_024)
def decode_compact(bits: int) -> Compact:
    """The number that `bits` (0 to 2^32 - 1) spells; negative zero is zero."""
    size, mantissa = bits >> 24, bits & MANTISSA
    if size <= 3:
        mantissa >>= 8 * (3 - size)
        magnitude = mantissa
    else:
        magnitude = mantissa << 8 * (size - 3)
    is_negative = mantissa != 0 and bits & SIGN != 0
    return Compact(magnitude, is_negative, magnitude > TARGET_MAX)


def encode_compact(magnitude: int) -> int:
    """The normal spelling of a number from 0 to 2^256 - 1, rounded down to what can be spelled."""
    assert 0 <= magnitude <= TARGET_MAX
    size = (magnitude.bit_length() + 7) // 8
    mantissa = magnitude << 8 * (3 - size) if size <= 3 else magnitude >> 8 * (size - 3)
    if mantissa & SIGN:
        mantissa >>= 8
        size += 1
    return size << 24 | mantissa


def decode_target(bits: int, limit: int) -> int | None:
    """The target that `bits` spell, or None: not a target, above the limit, or not its normal form.

    Bitcoin accepts any spelling here, and compares spellings later; the result is the same, for the
    spelling that is demanded is always normal.
    """
    spelled = decode_compact(bits)
    if not spelled.is_target or spelled.magnitude > limit:
        return None
    return spelled.magnitude if encode_compact(spelled.magnitude) == bits else None
