"""Who takes part in a replay, under which keys, and what each needs.

Every member has one key, derived from the replay's seed, so that a second run finds the accounts of
the first. A purse, derived too, stands between the faucet and the senders: its k-th payment funds
the k-th sender, and a sender's j-th payment is its j-th row. So nonces alone tell what has been
done, whatever was interrupted, and nothing can have effect twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.address import encode_address
from ledger.keys import KeyPair
from node.derivation import derive_key
from node.replay.rows import Row

MEMBER_LABEL = "replay-member"
PURSE_LABEL = "replay-purse"


@dataclass(slots=True)
class Sender:
    """A member who pays: the rows in which it does, in order."""

    name: str
    key: KeyPair
    rows: list[Row] = field(default_factory=list)

    def compute_need(self, fee: int) -> int:
        """What all its payments cost, fees included."""
        return sum(row.amount + fee for row in self.rows)


class Book:
    """All members of a replay; `seed` is 32 secret bytes."""

    def __init__(self, rows: Sequence[Row], seed: bytes) -> None:
        self.rows = rows
        self.purse = derive_key(seed, PURSE_LABEL, "0")
        self._seed = seed
        self._keys: dict[str, KeyPair] = {}
        by_name: dict[str, Sender] = {}
        for row in rows:
            sender = by_name.get(row.sender)
            if sender is None:
                sender = by_name[row.sender] = Sender(row.sender, self.key_of(row.sender))
            sender.rows.append(row)
        self.senders = list(by_name.values())
        """In the order of their first rows, which is the order in which they are funded."""

    def key_of(self, name: str) -> KeyPair:
        """The key of a member."""
        if (key := self._keys.get(name)) is None:
            key = self._keys[name] = derive_key(self._seed, MEMBER_LABEL, name)
        return key

    def addresses(self) -> dict[str, str]:
        """Every member and its address, in the order of the file."""
        names = dict.fromkeys(name for row in self.rows for name in (row.sender, row.recipient))
        return {name: encode_address(self.key_of(name).public_key) for name in names}
