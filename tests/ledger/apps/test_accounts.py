import pytest

from ledger.apps import accounts
from ledger.errors import TransactionError
from ledger.limits import Limits
from ledger.reasons import Reason
from ledger.state import View
from ledger.transaction import Transfer
from tests.ledger.support import ALICE, BOB, CAROL, World


def test_a_transfer_of_nothing_is_refused() -> None:
    accounts.check(Transfer(BOB.public_key, 1), Limits())
    with pytest.raises(TransactionError) as caught:
        accounts.check(Transfer(BOB.public_key, 0), Limits())
    assert caught.value.reason is Reason.TX_ZERO_AMOUNT


@pytest.mark.parametrize("amount", [1, 9, 10])
def test_what_is_there_can_be_paid(amount: int) -> None:
    view = View(World().chain._state)
    sender = view.account(CAROL.public_key)
    assert accounts.apply(view, sender, Transfer(BOB.public_key, amount)) is None
    assert sender.balance == 10 - amount
    assert view.account(BOB.public_key).balance == 1_000 + amount


def test_what_is_not_there_cannot() -> None:
    view = View(World().chain._state)
    sender = view.account(CAROL.public_key)
    failure = accounts.apply(view, sender, Transfer(BOB.public_key, 11))
    assert failure is Reason.TX_INSUFFICIENT_BALANCE
    assert view.seal().leaves == []


def test_paying_oneself_keeps_the_balance() -> None:
    view = View(World().chain._state)
    sender = view.account(ALICE.public_key)
    assert accounts.apply(view, sender, Transfer(ALICE.public_key, 1_000_000)) is None
    assert sender.balance == 1_000_000
