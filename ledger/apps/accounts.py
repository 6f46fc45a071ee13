"""Accounts: balances that transfers move."""

from ledger.errors import TransactionError
from ledger.limits import Limits
from ledger.reasons import Reason
from ledger.state import View, WorkingAccount
from ledger.transaction import Transfer


def check(payload: Transfer, limits: Limits) -> None:  # noqa: ARG001 - one shape for all apps
    """A transfer moves something."""
    if payload.amount == 0:
        raise TransactionError(Reason.TX_ZERO_AMOUNT, "a transfer of nothing")


def apply(view: View, sender: WorkingAccount, payload: Transfer) -> Reason | None:
    """Move the amount; the sender may be the recipient."""
    amount = payload.amount
    if amount > sender.balance:
        return Reason.TX_INSUFFICIENT_BALANCE
    sender.balance -= amount
    view.account(payload.recipient).balance += amount
    return None
