"""Records: key-value entries, each owned by the account that signed it."""

from ledger.errors import TransactionError
from ledger.limits import Limits
from ledger.reasons import Reason
from ledger.state import View, WorkingAccount
from ledger.transaction import Record


def check(payload: Record, limits: Limits) -> None:
    """Key and value keep within the network's limits."""
    if not 1 <= len(payload.key) <= limits.record_key_bytes_max:
        raise TransactionError(
            Reason.TX_RECORD_KEY_SIZE, f"1 to {limits.record_key_bytes_max} bytes"
        )
    if len(payload.value) > limits.record_value_bytes_max:
        raise TransactionError(
            Reason.TX_RECORD_VALUE_SIZE, f"at most {limits.record_value_bytes_max} bytes"
        )


def apply(view: View, sender: WorkingAccount, payload: Record) -> Reason | None:
    """Write or delete the entry; this cannot fail."""
    view.set_record(sender.public_key, payload.key, payload.value or None)
    return None
