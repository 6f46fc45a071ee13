"""One canonical encoding: msgpack arrays of frozen msgspec Structs.

No maps, no floats, integers in u64. msgspec accepts non-minimal integers and extra trailing items,
so everything that is hashed, signed or taken from a stranger is encoded again and compared.
"""

from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import msgspec

from ledger.errors import LedgerError
from ledger.reasons import Reason

U64_MAX = 2**64 - 1

U64: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
"""An unsigned integer; msgpack itself ends at 2^64 - 1."""
Hash: TypeAlias = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
PublicKey: TypeAlias = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Signature: TypeAlias = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]

encode = msgspec.msgpack.Encoder().encode
"""The canonical bytes of a struct; raises OverflowError for integers outside u64."""

DECODE_FAILURES = (msgspec.MsgspecError, ValueError, RecursionError)

T = TypeVar("T")


class Codec(Generic[T]):
    """Canonical bytes of one type, both ways, with the errors of whoever uses it."""

    def __init__(
        self, kind: Any, error: type[LedgerError], malformed: Reason, not_canonical: Reason
    ) -> None:
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(kind)
        self._error = error
        self._malformed = malformed
        self._not_canonical = not_canonical

    def decode(self, data: bytes) -> T:
        """The value that `data` spells; everything but its canonical bytes is refused."""
        try:
            value = self._decoder.decode(data)
        except DECODE_FAILURES as error:
            raise self._error(self._malformed, str(error)) from error
        if encode(value) != data:
            raise self._error(self._not_canonical, "the bytes have another, shorter spelling")
        return value
