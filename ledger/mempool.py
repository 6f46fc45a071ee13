"""The mempool: valid transactions that wait to be ordered, and the policy of keeping them.

- An account's transactions go in nonce order; gaps are allowed within a window and hold back what
  stands after them. Between accounts the higher fee goes first, then the earlier arrival.
- A transaction replaces one of the same nonce for at least a tenth more fee, and at least 1 more.
- An account's waiting transactions together must be covered by its balance, so that none of them
  can take another's fee away.
- When the mempool is full a newcomer pushes out the ends of queues that are cheaper, those behind
  a gap first; if that does not make room it is refused, and welcome again later.
- A transaction leaves when it is included, when its nonce was used by another one, or when the next
  block is beyond its `valid_until`. Why it left is remembered for a bounded number of them.

Form and signatures have been checked before (`ledger.validation`). Nothing here scans all entries.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from heapq import heapify, heappop, heappush
from typing import NamedTuple

import msgspec

from ledger.apply import AppliedBlock
from ledger.errors import TransactionError
from ledger.leaves import AccountState
from ledger.mempool_overdue import OverdueTracker
from ledger.mempool_queue import Entry, Queue
from ledger.priority import LazyHeap
from ledger.reasons import Reason
from ledger.transaction import Envelope, Transaction
from ledger.validation import compute_cost, validate_transaction

_MISFITS_MAX = 16
"""So many transactions that are too large for the rest of a payload end the search for small ones."""


class MempoolLimits(msgspec.Struct, frozen=True, kw_only=True):
    """One node's policy; nothing of it is part of consensus."""

    count_max: int = 50_000
    """About 60 MB."""
    bytes_max: int = 64 * 1024 * 1024
    account_max: int = 1_024
    """Waiting transactions of one account."""
    nonce_window: int = 1_024
    """How far beyond its account's nonce a transaction may be."""
    fee_min: int = 0
    replacement_percent: int = 10
    drops_remembered_max: int = 50_000
    overdue_heights: int = 10
    """Passed over by so many blocks in a row is overdue; more than the heights in flight."""
    block_full_count: int = 1_000
    """A block of so many transactions had no room left."""


class Added(NamedTuple):
    """What made way for a transaction that was taken in."""

    replaced: bytes | None
    evicted: list[bytes]


class Dropped(NamedTuple):
    """A transaction that left without being included."""

    id: bytes
    reason: Reason


class PoolState(StrEnum):
    """What the mempool knows of a transaction."""

    PENDING = "pending"
    DROPPED = "dropped"


class PoolStatus(NamedTuple):
    """A state, and the reason if it was dropped."""

    state: PoolState
    reason: Reason | None = None


_PENDING = PoolStatus(PoolState.PENDING)
_NOTHING_MADE_WAY = Added(None, [])


def _is_live(entry: Entry) -> bool:
    return entry.live


class Mempool:
    """See the module. `account` tells an account as it stands at the head of the chain."""

    def __init__(
        self, limits: MempoolLimits, account: Callable[[bytes], AccountState], height: int = 0
    ) -> None:
        self.limits = limits
        self.size_bytes = 0
        self.executable_count = 0
        """Waiting transactions without a gap before them."""
        self._account = account
        self._height = height
        self._arrivals = 0
        self._entries: dict[bytes, Entry] = {}
        self._queues: dict[bytes, Queue] = {}
        self._ready: LazyHeap[Entry] = LazyHeap(_is_live)
        self._tails: LazyHeap[Entry] = LazyHeap(self._is_tail)
        self._expiring: dict[int, dict[bytes, Entry]] = {}
        self._expiries: list[int] = []
        self._overdue = OverdueTracker(limits.overdue_heights)
        self._drops: OrderedDict[bytes, Reason] = OrderedDict()

    # Questions.

    @property
    def count(self) -> int:
        """Waiting transactions."""
        return len(self._entries)

    @property
    def oldest(self) -> Envelope | None:
        """The transaction that has waited for longest."""
        return next((entry.envelope for entry in self._entries.values()), None)

    def ids(self) -> list[bytes]:
        """All that waits, the longest waiting first."""
        return list(self._entries)

    def __contains__(self, transaction_id: object) -> bool:
        return transaction_id in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, transaction_id: bytes) -> Envelope | None:
        """A waiting transaction, or None."""
        entry = self._entries.get(transaction_id)
        return None if entry is None else entry.envelope

    def status(self, transaction_id: bytes) -> PoolStatus | None:
        """Pending, dropped for a reason, or (never seen, included, or forgotten) None."""
        if transaction_id in self._entries:
            return _PENDING
        reason = self._drops.get(transaction_id)
        return None if reason is None else PoolStatus(PoolState.DROPPED, reason)

    def next_nonce(self, public_key: bytes) -> int:
        """The account's nonce after everything executable that waits here."""
        queue = self._queues.get(public_key)
        nonce = self._account(public_key).nonce
        return nonce if queue is None else max(nonce, queue.run_end)

    def is_overdue(self) -> bool:
        """Has an executable transaction been passed over for `limits.overdue_heights` heights."""
        return self._overdue.is_overdue()

    def select(
        self, count_max: int, bytes_max: int, excluding: Collection[bytes] = ()
    ) -> list[Envelope]:
        """What to propose next, best first; `excluding` are the ids already in flight.

        Those in flight count as executed: what follows them in their account's order may be chosen.
        """
        chosen: list[Envelope] = []
        misfits: set[bytes] = set()

        def follow(entry: Entry) -> tuple[int, int, Entry] | None:
            if entry.id in misfits:
                return None
            after = self._queues[entry.sender].entries.get(entry.nonce + 1)
            return None if after is None else (-after.fee, after.arrival, after)

        room = bytes_max
        if count_max <= 0:
            return chosen
        for entry in self._ready.ascending(follow):
            if entry.id in excluding:
                continue
            if entry.size_bytes > room:
                misfits.add(entry.id)
                if len(misfits) >= _MISFITS_MAX:
                    break
                continue
            room -= entry.size_bytes
            chosen.append(entry.envelope)
            if len(chosen) >= count_max:
                break
        return chosen

    # Coming in.

    def add(self, envelope: Envelope, height: int) -> Added:
        """Take a transaction in; `height` is the head's. Raises `TransactionError`.

        Nothing has changed when it raises.
        """
        transaction = envelope.transaction
        if envelope.id in self._entries:
            raise TransactionError(Reason.TX_ALREADY_PENDING, "waiting to be included")
        account = self._account(transaction.sender)
        validate_transaction(transaction, account, height + 1)
        self._height = height
        queue = self._queues.get(transaction.sender)
        if queue is None:
            queue = Queue(account.nonce)
        rival = queue.entries.get(transaction.nonce)
        cost = compute_cost(transaction)
        self._check_policy(transaction, account, queue, rival)
        if not queue.can_pay(account, cost, rival):
            raise TransactionError(
                Reason.TX_INSUFFICIENT_BALANCE, "together with what waits already"
            )
        entry = self._make_entry(envelope, cost)
        evicted = self._make_room(entry, queue, rival)
        self._queues[transaction.sender] = queue
        if rival is not None:
            self._forget(rival, Reason.MEMPOOL_REPLACED)
            queue.cost -= rival.cost
        self._insert(entry, queue, rival)
        if rival is None and not evicted:
            return _NOTHING_MADE_WAY
        return Added(None if rival is None else rival.id, evicted)

    def add_many(
        self, envelopes: Iterable[Envelope], height: int
    ) -> list[Added | TransactionError]:
        """One answer for each transaction, in order."""
        answers: list[Added | TransactionError] = []
        for envelope in envelopes:
            try:
                answers.append(self.add(envelope, height))
            except TransactionError as error:
                answers.append(error)
        return answers

    def _make_entry(self, envelope: Envelope, cost: int) -> Entry:
        transaction = envelope.transaction
        self._arrivals += 1
        return Entry(
            envelope,
            envelope.id,
            transaction.sender,
            transaction.nonce,
            transaction.fee,
            cost,
            transaction.valid_until,
            len(envelope.raw),
            self._arrivals,
        )

    def _check_policy(
        self, transaction: Transaction, account: AccountState, queue: Queue, rival: Entry | None
    ) -> None:
        limits = self.limits
        if transaction.fee < limits.fee_min:
            raise TransactionError(Reason.TX_FEE_TOO_LOW, f"this node asks for {limits.fee_min}")
        if transaction.nonce >= account.nonce + limits.nonce_window:
            raise TransactionError(
                Reason.TX_NONCE_TOO_FAR, f"more than {limits.nonce_window} beyond {account.nonce}"
            )
        if rival is None:
            if len(queue.entries) >= limits.account_max:
                raise TransactionError(
                    Reason.MEMPOOL_ACCOUNT_FULL, f"{limits.account_max} of this account wait"
                )
            return
        needed = rival.fee + max(1, -(-rival.fee * limits.replacement_percent // 100))
        if transaction.fee < needed:
            raise TransactionError(
                Reason.MEMPOOL_UNDERPRICED, f"a replacement needs a fee of {needed}"
            )

    def _insert(self, entry: Entry, queue: Queue, rival: Entry | None = None) -> None:
        """Put an entry in all places; `rival` is the entry of the same nonce that it replaces."""
        self._entries[entry.id] = entry
        self.size_bytes += entry.size_bytes
        bucket = self._expiring.get(entry.valid_until)
        if bucket is None:
            bucket = self._expiring[entry.valid_until] = {}
            heappush(self._expiries, entry.valid_until)
        bucket[entry.id] = entry
        is_tail = queue.put(entry)
        if rival is not None and rival.executable:
            self._mark_executable(entry)
        elif entry.nonce == queue.run_end:
            self._extend_run(queue)
        if entry.nonce == queue.nonce:
            self._ready.push(-entry.fee, entry.arrival, entry)
        if is_tail:
            self._tails.push(entry.urgency, -entry.arrival, entry)

    def _mark_executable(self, entry: Entry) -> None:
        entry.executable = True
        entry.ready_height = self._height
        self.executable_count += 1
        self._overdue.add(entry)

    def _extend_run(self, queue: Queue) -> None:
        """Whatever follows without a gap is executable."""
        while (entry := queue.entries.get(queue.run_end)) is not None:
            self._mark_executable(entry)
            queue.run_end += 1

    # Making room.

    def _is_tail(self, entry: Entry) -> bool:
        return entry.live and self._queues[entry.sender].tail is entry

    def _lacks_room(self, entry: Entry, rival: Entry | None) -> bool:
        count, size_bytes = len(self._entries) + 1, self.size_bytes + entry.size_bytes
        if rival is not None:
            count, size_bytes = count - 1, size_bytes - rival.size_bytes
        return count > self.limits.count_max or size_bytes > self.limits.bytes_max

    def _make_room(self, entry: Entry, queue: Queue, rival: Entry | None) -> list[bytes]:
        """Push out cheaper ends of other accounts' queues until `entry` fits."""
        if not self._lacks_room(entry, rival):
            return []
        executable = entry.nonce <= queue.run_end
        victims: list[tuple[Entry, Queue]] = []
        while self._lacks_room(entry, rival):
            victim = self._pop_cheapest(entry.sender)
            if victim is None or victim.urgency >= (executable, entry.fee):
                if victim is not None:
                    self._tails.push(victim.urgency, -victim.arrival, victim)
                self._restore(victims)
                raise TransactionError(Reason.MEMPOOL_FULL, "nothing here pays less")
            victims.append((victim, self._queues[victim.sender]))
            self._remove(victim, None)
        for victim, _ in victims:
            self._remember_drop(victim.id, Reason.MEMPOOL_EVICTED)
        return [victim.id for victim, _ in victims]

    def _pop_cheapest(self, sparing: bytes) -> Entry | None:
        """The tail that goes first, not of the account `sparing`, out of the heap."""
        spared = None
        found = None
        while (top := self._tails.pop()) is not None:
            urgency, _, entry = top
            if entry.urgency != urgency:  # its gap was filled, or opened, since it was put there
                self._tails.push(entry.urgency, -entry.arrival, entry)
            elif entry.sender == sparing:
                spared = top
            else:
                found = entry
                break
        if spared is not None:
            self._tails.push(*spared)
        return found

    def _restore(self, victims: list[tuple[Entry, Queue]]) -> None:
        """Take back what was pushed out in vain."""
        for victim, queue in reversed(victims):
            self._queues[victim.sender] = queue
            again = msgspec.structs.replace(victim, live=True, executable=False)
            self._insert(again, queue)

    # Going out.

    def _forget(self, entry: Entry, reason: Reason | None) -> None:
        """Take an entry out of everything but its queue."""
        entry.live = False
        del self._entries[entry.id]
        self.size_bytes -= entry.size_bytes
        if entry.executable:
            self.executable_count -= 1
        bucket = self._expiring[entry.valid_until]
        del bucket[entry.id]
        if not bucket:
            del self._expiring[entry.valid_until]
        if reason is not None:
            self._remember_drop(entry.id, reason)

    def _remember_drop(self, transaction_id: bytes, reason: Reason) -> None:
        drops = self._drops
        drops[transaction_id] = reason
        drops.move_to_end(transaction_id)
        if len(drops) > self.limits.drops_remembered_max:
            drops.popitem(last=False)

    def _remove(self, entry: Entry, reason: Reason | None) -> None:
        """Take an entry out, wherever it stands in its queue."""
        queue = self._queues[entry.sender]
        self._forget(entry, reason)
        if queue.take(entry) and queue.tail is not None:
            self._tails.push(queue.tail.urgency, -queue.tail.arrival, queue.tail)
        if entry.executable:
            self._cut_run(queue, entry.nonce)
        if not queue.entries:
            del self._queues[entry.sender]

    def _cut_run(self, queue: Queue, nonce: int) -> None:
        """What stood after a removed executable entry is behind a gap now."""
        for after in range(nonce + 1, queue.run_end):
            queue.entries[after].executable = False
            self.executable_count -= 1
        queue.run_end = nonce

    def drop(self, transaction_id: bytes, reason: Reason) -> None:
        """Let a transaction go for a reason of the caller's; harmless if it is not here."""
        if (entry := self._entries.get(transaction_id)) is not None:
            self._remove(entry, reason)

    def apply_block(self, applied: AppliedBlock) -> list[Dropped]:
        """Follow the chain one height up; the result is what left without being included."""
        self._height = height = applied.header.height
        included = set(applied.ids)
        dropped: list[Dropped] = []
        for sender, nonce in applied.nonces.items():
            if (queue := self._queues.get(sender)) is not None:
                dropped += self._advance(queue, nonce, included)
        for skipped in applied.skipped:
            if skipped.reason == Reason.TX_FEE_UNAFFORDABLE.value:
                entry = self._entries.get(skipped.id)
                dropped += self._drop_all([entry] if entry else [], Reason.TX_FEE_UNAFFORDABLE)
        dropped += self._drop_expired(height)
        fee_min = min((receipt.fee for receipt in applied.receipts), default=0)
        is_full = len(applied.ids) >= self.limits.block_full_count
        self._overdue.apply_block(height, fee_min, is_full)
        self._trim()
        return dropped

    def _advance(self, queue: Queue, nonce: int, included: set[bytes]) -> list[Dropped]:
        """The account's nonce has moved to `nonce`: what stood before is included or stale."""
        dropped: list[Dropped] = []
        if nonce <= queue.nonce:
            return dropped
        entries = queue.entries
        passed: Iterable[int] = range(queue.nonce, nonce)
        if nonce - queue.nonce > len(entries):
            passed = [key for key in entries if key < nonce]
        for used in passed:
            if (entry := entries.pop(used, None)) is None:
                continue
            queue.cost -= entry.cost
            if entry.id in included:
                self._forget(entry, None)
            else:
                self._forget(entry, Reason.TX_STALE_NONCE)
                dropped.append(Dropped(entry.id, Reason.TX_STALE_NONCE))
        queue.nonce = nonce
        self._settle(queue)
        return dropped

    def _settle(self, queue: Queue) -> None:
        """After a queue's beginning has moved: run, head, tail; an empty queue goes away."""
        queue.run_end = max(queue.run_end, queue.nonce)
        self._extend_run(queue)
        if (head := queue.head) is not None:
            self._ready.push(-head.fee, head.arrival, head)
        elif not queue.entries and queue.tail is not None:
            self._queues.pop(queue.tail.sender, None)
            queue.tail = None

    def _drop_all(self, entries: Iterable[Entry], reason: Reason) -> list[Dropped]:
        dropped = []
        for entry in entries:
            self._remove(entry, reason)
            dropped.append(Dropped(entry.id, reason))
        return dropped

    def _drop_expired(self, height: int) -> list[Dropped]:
        """Nothing may stand in the next block whose `valid_until` is this height or less."""
        dropped: list[Dropped] = []
        while self._expiries and self._expiries[0] <= height:
            bucket = self._expiring.get(heappop(self._expiries), {})
            dropped += self._drop_all(list(bucket.values()), Reason.TX_EXPIRED)
        return dropped

    def _trim(self) -> None:
        """Keep what is lazily deleted from outgrowing what is not."""
        self._ready.trim(len(self._queues))
        self._tails.trim(len(self._queues))
        self._overdue.trim(len(self._entries))
        if len(self._expiries) > 2 * len(self._expiring) + 64:
            self._expiries = list(self._expiring)
            heapify(self._expiries)
