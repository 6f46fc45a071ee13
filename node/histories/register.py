"""A register that many clients write: one record of one account.

A record belongs to the account that signs for it, so the writers share a key, and the numbers of
their transactions with it. A number whose transaction was refused for certain is used again by the
next writer; one whose outcome is open never is: only the same bytes may be sent again.
"""

import heapq

from ledger.address import encode_address
from ledger.keys import KeyPair
from ledger.transaction import Envelope, Record, build

RECORD_KEY = b"register"
FILLER_KEY = b"filler"
VALID_HEIGHTS = 1_000_000
"""No write expires while a history is recorded."""


class Register:
    """One register of the network `chain_id`, at the address of `key`."""

    def __init__(self, name: str, key: KeyPair, chain_id: bytes, height: int) -> None:
        self.name = name
        self.address = encode_address(key.public_key)
        self._key = key
        self._chain_id = chain_id
        self._valid_until = height + VALID_HEIGHTS
        self._next = 0
        self._free: list[int] = []

    def sign(self, value: str) -> Envelope:
        """The transaction that writes `value`, with a number of its own."""
        if not self._free:
            heapq.heappush(self._free, self._next)
            self._next += 1
        return self._build(Record(RECORD_KEY, value.encode()))

    def fill(self) -> list[Envelope]:
        """Transactions that write elsewhere, for all numbers that nobody uses: others wait for them."""
        return [self._build(Record(FILLER_KEY, b"-")) for _ in list(self._free)]

    def _build(self, payload: Record) -> Envelope:
        nonce = heapq.heappop(self._free)
        return build(self._chain_id, self._key, nonce, 0, self._valid_until, payload)

    def release(self, envelope: Envelope) -> None:
        """This transaction was refused for certain: another may have its number."""
        heapq.heappush(self._free, envelope.transaction.nonce)
