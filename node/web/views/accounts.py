"""An account: what it holds now, and what happened to it in the latest blocks."""

from dataclasses import dataclass

from node.web.views.transactions import TransactionRow


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One of its transactions, and in which block; None while it is pending."""

    height: int | None
    transaction: TransactionRow
    is_incoming: bool


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record as it is now; `value` None where the account keeps none under this key."""

    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """Balance and nonce at the head.

    No index leads from an account to its transactions: `rows` are those found in blocks `from_height`
    to `to_height`. `name` is set for a validator. `asked` is the record that was asked for, and
    `asked_problem` says why what was typed is no key.
    """

    address: str
    public_key: str
    name: str | None
    balance: int
    nonce: int
    next_nonce: int
    height: int
    rows: tuple[AccountRow, ...]
    from_height: int
    to_height: int
    records: tuple[RecordView, ...]
    typed_key: str
    asked: RecordView | None
    asked_problem: str | None

    @property
    def is_empty(self) -> bool:
        """Has nothing ever happened here."""
        return not (self.balance or self.nonce or self.rows)


def read_key(text: str) -> bytes | None:
    """What a person means by a record's key: `0x` and hex, or the text itself; None for bad hex."""
    if not text.startswith("0x"):
        return text.encode("utf-8", "surrogateescape")
    try:
        return bytes.fromhex(text[2:])
    except ValueError:
        return None
