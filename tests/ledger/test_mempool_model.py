"""The mempool against a model that scans everything, under any sequence of calls."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledger.errors import TransactionError
from ledger.leaves import AccountState
from ledger.mempool import Mempool, MempoolLimits
from ledger.reasons import Reason
from ledger.transaction import Envelope
from tests.ledger.support import make_key, record, transfer
from tests.ledger.test_mempool import applied

KEYS = [make_key(number) for number in range(1, 5)]
COUNT_MAX, ACCOUNT_MAX, BYTES_MAX = 9, 5, 2_600

senders = st.integers(0, 3)
fees = st.integers(0, 30)


class MempoolMachine(RuleBasedStateMachine):
    """Adds, drops and blocks; after each step everything that can be counted is counted again."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts = {key.public_key: AccountState(500, 0) for key in KEYS}
        self.height = 0
        self.known: dict[bytes, Envelope] = {}
        limits = MempoolLimits(
            count_max=COUNT_MAX,
            bytes_max=BYTES_MAX,
            account_max=ACCOUNT_MAX,
            nonce_window=8,
            overdue_heights=2,
            block_full_count=2,
        )
        self.pool = Mempool(limits, lambda key: self.accounts[key])

    @initialize()
    def begin(self) -> None:
        self.waiting: list[Envelope] = []

    def run_of(self, sender: bytes) -> list[Envelope]:
        nonces = {e.transaction.nonce: e for e in self.waiting if e.transaction.sender == sender}
        run: list[Envelope] = []
        while (nonce := self.accounts[sender].nonce + len(run)) in nonces:
            run.append(nonces[nonce])
        return run

    @rule(
        sender=senders,
        ahead=st.integers(-1, 8),
        fee=fees,
        size=st.sampled_from([0, 0, 0, 300, 900]),
        life=st.integers(0, 6),
    )
    def add(self, sender: int, ahead: int, fee: int, size: int, life: int) -> None:
        account = self.accounts[KEYS[sender].public_key]
        nonce = max(0, account.nonce + ahead)
        until = self.height + life
        if size:
            envelope = record(KEYS[sender], nonce, b"k", bytes(size), fee, until)
        else:
            envelope = transfer(KEYS[sender], nonce, 10, fee=fee, valid_until=until)
        rival = next((e for e in self.waiting if self.slot(e) == self.slot(envelope)), None)
        try:
            added = self.pool.add(envelope, self.height)
        except TransactionError as error:
            self.check_refusal(envelope, rival, error.reason)
            return
        assert added.replaced == (rival.id if rival else None)
        gone = {added.replaced, *added.evicted}
        own = envelope.transaction.sender
        for victim in (e for e in self.waiting if e.id in added.evicted):
            assert victim.transaction.sender != own
        self.waiting = [e for e in self.waiting if e.id not in gone] + [envelope]

    @staticmethod
    def slot(envelope: Envelope) -> tuple[bytes, int]:
        return envelope.transaction.sender, envelope.transaction.nonce

    def check_refusal(self, envelope: Envelope, rival: Envelope | None, reason: Reason) -> None:
        """Every refusal is for a reason that is true."""
        tx, account = envelope.transaction, self.accounts[envelope.transaction.sender]
        mine = [e for e in self.waiting if e.transaction.sender == tx.sender]
        cost = sum(self.cost(e) for e in mine if e is not rival) + self.cost(envelope)
        size = sum(len(e.raw) for e in self.waiting) + len(envelope.raw)
        true: dict[Reason, bool] = {
            Reason.TX_ALREADY_PENDING: envelope in self.waiting,
            Reason.TX_STALE_NONCE: tx.nonce < account.nonce,
            Reason.TX_EXPIRED: tx.valid_until <= self.height,
            Reason.TX_NONCE_TOO_FAR: tx.nonce >= account.nonce + 8,
            Reason.TX_INSUFFICIENT_BALANCE: cost > account.balance,
            Reason.MEMPOOL_ACCOUNT_FULL: rival is None and len(mine) >= ACCOUNT_MAX,
            Reason.MEMPOOL_UNDERPRICED: rival is not None
            and tx.fee < rival.transaction.fee + max(1, rival.transaction.fee / 10),
            Reason.MEMPOOL_FULL: len(self.waiting) + 1 > COUNT_MAX or size > BYTES_MAX,
        }
        assert true[reason], reason

    @staticmethod
    def cost(envelope: Envelope) -> int:
        return envelope.transaction.fee + getattr(envelope.transaction.payload, "amount", 0)

    @rule(which=st.integers(0, 8))
    def drop(self, which: int) -> None:
        if self.waiting:
            envelope = self.waiting.pop(which % len(self.waiting))
            self.pool.drop(envelope.id, Reason.TX_BAD_SIGNATURE)
            status = self.pool.status(envelope.id)
            assert status is not None
            assert status.reason is Reason.TX_BAD_SIGNATURE

    @rule(count=st.integers(0, 4))
    def decide_own(self, count: int) -> None:
        """The next block takes what the pool would propose."""
        self.follow(self.pool.select(count, 10**6, set()))

    @rule(sender=senders, count=st.integers(1, 3))
    def decide_others(self, sender: int, count: int) -> None:
        """The next block takes transactions that the pool never saw."""
        nonce = self.accounts[KEYS[sender].public_key].nonce
        self.follow([transfer(KEYS[sender], nonce + i, 3, fee=2) for i in range(count)])

    def follow(self, included: list[Envelope]) -> None:
        self.height += 1
        for envelope in included:
            account = self.accounts[envelope.transaction.sender]
            balance = account.balance - self.cost(envelope) + 20
            self.accounts[envelope.transaction.sender] = AccountState(
                balance, envelope.transaction.nonce + 1
            )
        dropped = self.pool.apply_block(applied(self.height, *included))
        stale = [
            e
            for e in self.waiting
            if e.transaction.nonce < self.accounts[e.transaction.sender].nonce
        ]
        expired = [e for e in self.waiting if e.transaction.valid_until <= self.height]
        expected = {e.id: Reason.TX_EXPIRED for e in expired}
        expected |= {e.id: Reason.TX_STALE_NONCE for e in stale}
        for envelope in included:
            expected.pop(envelope.id, None)
        assert dict(dropped) == expected
        gone = {e.id for e in (*included, *stale, *expired)}
        self.waiting = [e for e in self.waiting if e.id not in gone]

    @invariant()
    def counts_agree(self) -> None:
        pool, waiting = self.pool, self.waiting
        assert pool.count == len(waiting) <= COUNT_MAX
        assert pool.size_bytes == sum(len(e.raw) for e in waiting) <= BYTES_MAX
        assert all(pool.get(e.id) is e for e in waiting)
        assert pool.executable_count == sum(len(self.run_of(key)) for key in self.accounts)
        for key in self.accounts:
            expected = self.accounts[key].nonce + len(self.run_of(key))
            assert pool.next_nonce(key) == expected
        pool.is_overdue()

    @invariant()
    def selection_is_the_models(self) -> None:
        runs = {key: self.run_of(key) for key in self.accounts}
        arrival = {e.id: place for place, e in enumerate(self.waiting)}
        expected = []
        while heads := [run[0] for run in runs.values() if run]:
            best = min(heads, key=lambda e: (-e.transaction.fee, arrival[e.id]))
            expected.append(best)
            runs[best.transaction.sender].pop(0)
        assert self.pool.select(100, 10**6, set()) == expected
        half = {e.id for e in expected[::2]}
        rest = self.pool.select(100, 10**6, half)
        assert rest == [e for e in expected if e.id not in half]


TestMempoolModel: Any = MempoolMachine.TestCase
TestMempoolModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_the_model_counts_like_the_pool() -> None:
    """The machine itself notices a difference."""
    machine = MempoolMachine()
    machine.begin()
    machine.add(0, 0, 5, 0, 6)
    machine.counts_agree()
    machine.waiting.clear()
    with pytest.raises(AssertionError):
        machine.counts_agree()
