"""A network without processes: one ledger in memory behind clients that can be made to fail.

It applies transactions in nonce order, checks balances, and makes a final block of each batch that
it takes, or only when `seal` is called. Signatures are not checked.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import pydantic

from ledger.address import decode_address
from ledger.transaction import Envelope, Transfer, decode_transaction
from node.api.backend import NodeState, Outcome, TransactionStatus
from node.api.hot import BatchLine
from node.api.models import AccountAnswer, BlockAnswer, SubmissionAnswer, TransactionAnswer
from node.api.node_models import EngineAnswer, StatusAnswer
from node.client import Client, ClientError, IndefiniteError, RefusedError, UnreachableError

CHAIN_ID = bytes(range(32))


Model = TypeVar("Model", bound=pydantic.BaseModel)


def make(model: type[Model], **fields: Any) -> Model:
    """An answer with only the fields that anybody here reads."""
    return model.model_construct(**fields)


class FakeNetwork:
    """The ledger; `blocks[height]` lists what became final there, `failed` why some did not apply.

    With `is_slow` accepted transactions wait until `seal`.
    """

    def __init__(self, balances: dict[bytes, int]) -> None:
        self.balances = dict(balances)
        self.nonces: dict[bytes, int] = {}
        self.pending: dict[bytes, Envelope] = {}
        self.blocks: list[list[bytes]] = [[]]
        self.failed: dict[bytes, str] = {}
        self.dropped: dict[bytes, str] = {}
        self.placed: dict[bytes, int] = {}
        self.is_slow = False

    @property
    def height(self) -> int:
        """Of the last final block."""
        return len(self.blocks) - 1

    def take(self, raw: bytes) -> BatchLine:
        """One submission."""
        envelope = decode_transaction(raw)
        id_, transaction = envelope.id, envelope.transaction
        known = self.status(id_)
        if known in {TransactionStatus.PENDING, TransactionStatus.FINAL, TransactionStatus.FAILED}:
            return BatchLine(Outcome.KNOWN, id_.hex(), known)
        if transaction.nonce < self.nonces.get(transaction.sender, 0):
            return BatchLine(Outcome.REJECTED, id_.hex(), reason="tx-stale-nonce")
        self.dropped.pop(id_, None)
        self.pending[id_] = envelope
        return BatchLine(Outcome.ACCEPTED, id_.hex(), TransactionStatus.PENDING)

    def seal(self) -> None:
        """Make one block of everything that can be applied."""
        block: list[bytes] = []
        while ready := [one for one in self.pending.values() if self._is_next(one)]:
            for envelope in ready:
                self._apply(envelope)
                block.append(envelope.id)
                self.placed[envelope.id] = len(self.blocks)
        self.blocks.append(block)

    def _is_next(self, envelope: Envelope) -> bool:
        transaction = envelope.transaction
        return transaction.nonce == self.nonces.get(transaction.sender, 0)

    def _apply(self, envelope: Envelope) -> None:
        transaction = envelope.transaction
        del self.pending[envelope.id]
        self.nonces[transaction.sender] = transaction.nonce + 1
        assert isinstance(transaction.payload, Transfer)
        amount, held = transaction.payload.amount, self.balances.get(transaction.sender, 0)
        if amount + transaction.fee > held:
            self.failed[envelope.id] = "tx-insufficient-balance"
            return
        recipient = transaction.payload.recipient
        self.balances[transaction.sender] = held - amount - transaction.fee
        self.balances[recipient] = self.balances.get(recipient, 0) + amount

    def drop(self, id_: bytes, reason: str) -> None:
        """Forget a pending transaction for a stated reason."""
        del self.pending[id_]
        self.dropped[id_] = reason

    def status(self, id_: bytes) -> TransactionStatus:
        """Where a transaction stands."""
        if id_ in self.placed:
            return TransactionStatus.FAILED if id_ in self.failed else TransactionStatus.FINAL
        if id_ in self.pending:
            return TransactionStatus.PENDING
        return TransactionStatus.DROPPED if id_ in self.dropped else TransactionStatus.UNKNOWN

    def next_nonce(self, public_key: bytes) -> int:
        """After what is applied and, without a gap, pending."""
        nonce = self.nonces.get(public_key, 0)
        waiting = {
            one.transaction.nonce
            for one in self.pending.values()
            if one.transaction.sender == public_key
        }
        while nonce in waiting:
            nonce += 1
        return nonce


class FakeClient(Client):
    """One node of the network. Each call fails with the next of `faults`, if there is one.

    A fault `swallowed` takes the batch and then fails, as when an answer is lost. `full` is how
    many of the next transactions find no room.
    """

    def __init__(self, network: FakeNetwork, url: str = "http://fake") -> None:
        super().__init__(url)
        self.network = network
        self.faults: list[ClientError | str] = []
        self.full = 0
        self.batches: list[int] = []

    def _fail(self) -> bool:
        """Raise the next fault; True where the work is to be done first."""
        if not self.faults:
            return False
        fault = self.faults.pop(0)
        if isinstance(fault, ClientError):
            raise fault
        return True

    async def engine(self) -> EngineAnswer:
        """Decisions are final at once here."""
        self._fail()
        return make(EngineAnswer, view=0, forks=None)

    async def status(self) -> StatusAnswer:
        self._fail()
        height = self.network.height
        return make(
            StatusAnswer,
            name="fake",
            engine="pbft",
            state=NodeState.READY,
            ready=True,
            chain_id=CHAIN_ID,
            head_height=height,
            final_height=height,
            event_loop="asyncio",
        )

    async def block(self, ref: int | str | bytes) -> BlockAnswer:
        self._fail()
        height = self.network.height if ref == "final" else int(ref)
        ids = self.network.blocks[height]
        failed = {id_.hex(): self.network.failed[id_] for id_ in ids if id_ in self.network.failed}
        return make(
            BlockAnswer,
            height=height,
            id=bytes(31) + bytes([height % 256]),
            transactions=ids,
            failed=failed,
        )

    async def account(
        self, address: str, proof: bool = False, *, linearizable: bool = False
    ) -> AccountAnswer:
        self._fail()
        key = decode_address(address)
        return make(
            AccountAnswer,
            address=key,
            balance=self.network.balances.get(key, 0),
            nonce=self.network.nonces.get(key, 0),
            next_nonce=self.network.next_nonce(key),
        )

    async def transaction(
        self, transaction_id: bytes, proof: bool = False, *, linearizable: bool = False
    ) -> TransactionAnswer:
        self._fail()
        status = self.network.status(transaction_id)
        reason = self.network.failed.get(transaction_id)
        reason = reason or self.network.dropped.get(transaction_id)
        return make(TransactionAnswer, id=transaction_id, status=status, reason=reason)

    async def metrics_text(self) -> str:
        self._fail()
        return ""

    async def submit(self, raw: bytes, wait_s: float | None = None) -> SubmissionAnswer:
        (line,) = await self.submit_batch([raw])
        id_ = bytes.fromhex(line.id or "")
        return make(
            SubmissionAnswer,
            outcome=line.outcome,
            id=id_,
            status=self.network.status(id_),
            definite=True,
        )

    async def submit_batch(self, raws: Sequence[bytes]) -> list[BatchLine]:
        swallow = self._fail()
        self.batches.append(len(raws))
        lines = []
        for raw in raws:
            if self.full:
                self.full -= 1
                lines.append(BatchLine(Outcome.REJECTED, reason="mempool-full", retry_after_s=0))
            else:
                lines.append(self.network.take(raw))
        if not self.network.is_slow:
            self.network.seal()
        if swallow:
            raise IndefiniteError("the answer is lost")
        return lines


def refused(status: int, reason: str = "refused") -> RefusedError:
    """A whole request that the node refused."""
    return RefusedError(status, {"reason": reason, "detail": reason}, None)


def unreachable() -> UnreachableError:
    """No connection."""
    return UnreachableError("nobody there")
