"""From the faucet to the purse: what the senders that are not funded yet will need."""

import asyncio

from ledger.keys import KeyPair
from node.api.backend import TransactionStatus
from node.load.reader import Reader
from node.replay.book import Book
from node.replay.errors import ReplayError
from node.replay.sources import Terms

SETTLE_TIMEOUT_S = 60.0
POLL_S = 0.2


async def fill_purse(
    book: Book,
    funded: int,
    faucet: KeyPair | None,
    terms: Terms,
    reader: Reader,
) -> int:
    """Bring the purse to what the senders from number `funded` on need; finally.

    Returns the amount that the faucet paid. Raises `ReplayError` (no-faucet, faucet-too-poor,
    faucet-busy, faucet-failed).
    """
    fee = terms.fee
    need = sum(sender.compute_need(fee) + fee for sender in book.senders[funded:])
    if faucet is not None:
        await wait_idle(reader, faucet)  # a payment to the purse may be on its way
    missing = need - (await reader.account(book.purse)).balance
    if missing <= 0:
        return 0
    if faucet is None:
        raise ReplayError(
            f"the senders still need {missing}",
            reason="no-faucet",
            advice="name the key file of an account that can pay it with --faucet",
        )
    account = await reader.account(faucet)
    if account.balance < missing + fee:
        raise ReplayError(
            f"the faucet has {account.balance}, the senders need {missing + fee}",
            reason="faucet-too-poor",
            advice="pay to the faucet first, or name another one with --faucet",
        )
    parcel = terms.pay(faucet, account.next_nonce, book.purse.public_key, missing, 0.0)
    answer = await reader.submit(parcel.raw, SETTLE_TIMEOUT_S)
    if answer.status is not TransactionStatus.FINAL:
        raise ReplayError(
            f"the faucet's payment {parcel.id} is {answer.status.value}",
            reason="faucet-failed",
            advice="look it up with `quorate tx show`, then run the same command again",
        )
    return missing


async def wait_idle(reader: Reader, key: KeyPair) -> None:
    """Wait until nothing of an account is pending; raises `ReplayError` (faucet-busy)."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SETTLE_TIMEOUT_S
    while (account := await reader.account(key)).next_nonce > account.nonce:
        if loop.time() > deadline:
            raise ReplayError(
                "payments of the faucet are pending and do not become final",
                reason="faucet-busy",
                advice="see `quorate status`; then run the same command again",
            )
        await asyncio.sleep(POLL_S)
