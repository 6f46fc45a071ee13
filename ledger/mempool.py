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
- What a reorganisation undid comes back in front of all that pay no more, in its old order, also if
  its account cannot pay just now: the payments that it lives on come back with it.

Form and signatures have been checked before (`ledger.validation`). Nothing here scans all entries.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

import msgspec

from ledger.apply import AppliedBlock
from ledger.errors import TransactionError
from ledger.leaves import AccountState
from ledger.mempool_index import MempoolIndex
from ledger.mempool_queue import Entry, Queue
from ledger.reasons import Reason
from ledger.switching import Switch
from ledger.transaction import Envelope, Transaction
from ledger.validation import compute_cost, validate_transaction

_MISFITS_MAX = 16
"""So many transactions that are too large for the rest of a payload end the search for small ones."""


class Share(NamedTuple):
    """One of `parts` shares of all accounts; an account belongs to one of them."""

    part: int
    parts: int

    def has(self, public_key: bytes) -> bool:
        """Does an account belong to it."""
        return int.from_bytes(public_key[:4], "big") % self.parts == self.part


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


class Mempool:
    """See the module. `account` tells an account as it stands at the head of the chain."""

    def __init__(
        self, limits: MempoolLimits, account: Callable[[bytes], AccountState], height: int = 0
    ) -> None:
        self.limits = limits
        self._account = account
        self._arrivals = 0
        self._returns = 0
        self._index = MempoolIndex(limits.overdue_heights, height)
        self._drops: OrderedDict[bytes, Reason] = OrderedDict()

    # Questions.

    @property
    def count(self) -> int:
        """Waiting transactions."""
        return len(self._index.entries)

    @property
    def size_bytes(self) -> int:
        """Their canonical bytes together."""
        return self._index.size_bytes

    @property
    def executable_count(self) -> int:
        """Waiting transactions without a gap before them."""
        return self._index.executable_count

    @property
    def oldest(self) -> Envelope | None:
        """The transaction that has waited for longest."""
        return next((entry.envelope for entry in self._index.entries.values()), None)

    def ids(self) -> list[bytes]:
        """All that waits, the longest waiting first."""
        return list(self._index.entries)

    def __contains__(self, transaction_id: object) -> bool:
        return transaction_id in self._index.entries

    def __len__(self) -> int:
        return len(self._index.entries)

    def get(self, transaction_id: bytes) -> Envelope | None:
        """A waiting transaction, or None."""
        entry = self._index.entries.get(transaction_id)
        return None if entry is None else entry.envelope

    def status(self, transaction_id: bytes) -> PoolStatus | None:
        """Pending, dropped for a reason, or (never seen, included, or forgotten) None."""
        if transaction_id in self._index.entries:
            return _PENDING
        reason = self._drops.get(transaction_id)
        return None if reason is None else PoolStatus(PoolState.DROPPED, reason)

    def next_nonce(self, public_key: bytes) -> int:
        """The account's nonce after everything executable that waits here."""
        queue = self._index.queues.get(public_key)
        nonce = self._account(public_key).nonce
        return nonce if queue is None else max(nonce, queue.run_end)

    def is_overdue(self) -> bool:
        """Has an executable transaction been passed over for `limits.overdue_heights` heights."""
        return self._index.overdue.is_overdue()

    def select(
        self,
        count_max: int,
        bytes_max: int,
        excluding: Collection[bytes] = (),
        share: Share | None = None,
    ) -> list[Envelope]:
        """What to propose next, best first; `excluding` are the ids already in flight.

        Those in flight count as executed: what follows them in their account's order may be chosen.
        With a `share` its accounts come first, as far as they are found among the best of all, and
        others in the room that they leave.
        """
        chosen: list[Envelope] = []
        blocked: set[bytes] = set()
        room = bytes_max
        if count_max <= 0:
            return chosen
        for entry in self._list_best(count_max, excluding, share):
            if entry.sender in blocked:
                continue
            if entry.size_bytes > room:
                blocked.add(entry.sender)
                if len(blocked) >= _MISFITS_MAX:
                    break
                continue
            room -= entry.size_bytes
            chosen.append(entry.envelope)
            if len(chosen) >= count_max:
                break
        return chosen

    def _list_best(
        self, count_max: int, excluding: Collection[bytes], share: Share | None
    ) -> Iterable[Entry]:
        """Executable entries that are not excluded, best first; those of a share before others."""
        best = (entry for entry in self._index.iterate_best() if entry.id not in excluding)
        if share is None:
            return best
        seen = islice(best, share.parts * count_max)
        return sorted(seen, key=lambda entry: not share.has(entry.sender))

    # Coming in.

    def add(self, envelope: Envelope, height: int) -> Added:
        """Take a transaction in; `height` is the head's. Raises `TransactionError`.

        Nothing has changed when it raises.
        """
        transaction = envelope.transaction
        if envelope.id in self._index.entries:
            raise TransactionError(Reason.TX_ALREADY_PENDING, "waiting to be included")
        account = self._account(transaction.sender)
        validate_transaction(transaction, account, height + 1)
        self._index.height = height
        queue = self._index.queues.get(transaction.sender)
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
        self._index.insert(entry, queue, rival)
        if rival is not None:
            self._remember_drop(rival.id, Reason.MEMPOOL_REPLACED)
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
        self._arrivals += 1
        return self._make_arrived(envelope, cost, self._arrivals)

    def _make_arrived(self, envelope: Envelope, cost: int, arrival: int) -> Entry:
        transaction = envelope.transaction
        return Entry(
            envelope,
            envelope.id,
            transaction.sender,
            transaction.nonce,
            transaction.fee,
            cost,
            transaction.valid_until,
            len(envelope.raw),
            arrival,
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

    # Making room.

    def _lacks_room(self, entry: Entry, rival: Entry | None) -> bool:
        count, size_bytes = self.count + 1, self.size_bytes + entry.size_bytes
        if rival is not None:
            count, size_bytes = count - 1, size_bytes - rival.size_bytes
        return count > self.limits.count_max or size_bytes > self.limits.bytes_max

    def _make_room(self, entry: Entry, queue: Queue, rival: Entry | None) -> list[bytes]:
        """Push out cheaper ends of other accounts' queues until `entry` fits."""
        if not self._lacks_room(entry, rival):
            return []
        index, urgency = self._index, (entry.nonce <= queue.run_end, entry.fee)
        victims: list[tuple[Entry, Queue]] = []
        while self._lacks_room(entry, rival):
            victim = index.pop_cheapest(entry.sender)
            if victim is None or victim.urgency >= urgency:
                if victim is not None:
                    index.push_tail(victim)
                index.insert_again(victims)
                raise TransactionError(Reason.MEMPOOL_FULL, "nothing here pays less")
            victims.append((victim, index.queues[victim.sender]))
            index.remove(victim)
        for victim, _ in victims:
            self._remember_drop(victim.id, Reason.MEMPOOL_EVICTED)
        return [victim.id for victim, _ in victims]

    # Going out.

    def _remember_drop(self, transaction_id: bytes, reason: Reason) -> None:
        drops = self._drops
        drops[transaction_id] = reason
        drops.move_to_end(transaction_id)
        if len(drops) > self.limits.drops_remembered_max:
            drops.popitem(last=False)

    def drop(self, transaction_id: bytes, reason: Reason) -> None:
        """Let a transaction go for a reason of the caller's; harmless if it is not here."""
        if (entry := self._index.entries.get(transaction_id)) is not None:
            self._index.remove(entry)
            self._remember_drop(transaction_id, reason)

    def apply_block(self, applied: AppliedBlock) -> list[Dropped]:
        """Follow the chain one height up; the result is what left without being included."""
        index = self._index
        index.height = height = applied.header.height
        included = set(applied.ids)
        gone: list[Dropped] = []
        for sender, nonce in applied.nonces.items():
            gone += [
                Dropped(entry.id, Reason.TX_STALE_NONCE)
                for entry in index.advance(sender, nonce)
                if entry.id not in included
            ]
        for skipped in applied.skipped:
            unaffordable = skipped.reason == Reason.TX_FEE_UNAFFORDABLE.value
            if unaffordable and (waiting := index.entries.get(skipped.id)) is not None:
                index.remove(waiting)
                gone.append(Dropped(skipped.id, Reason.TX_FEE_UNAFFORDABLE))
        gone += [Dropped(entry.id, Reason.TX_EXPIRED) for entry in index.pop_expired(height)]
        for dropped in gone:
            self._remember_drop(dropped.id, dropped.reason)
        self._note_block(applied)
        index.trim()
        return gone

    def _note_block(self, applied: AppliedBlock) -> None:
        """Tell whom the block passed over."""
        fee_min = min((receipt.fee for receipt in applied.receipts), default=0)
        is_full = len(applied.ids) >= self.limits.block_full_count
        self._index.overdue.apply_block(applied.header.height, fee_min, is_full)

    # Following a head that may move to another branch.

    def follow(self, switch: Switch) -> list[Dropped]:
        """Follow the ledger to where it stands now; the result is what left without being included.

        Only accounts whose nonce moved are looked at, unless the head merely grew.
        """
        if not switch.undone:
            return [drop for applied in switch.applied for drop in self.apply_block(applied)]
        waiting = self._take_out(switch.list_senders())
        self._index.height = height = switch.fork + len(switch.applied)
        included = {id_ for applied in switch.applied for id_ in applied.ids}
        self._returns -= len(switch.orphans)
        back = [(one, self._returns + at) for at, one in enumerate(switch.orphans)]
        back += [(entry.envelope, entry.arrival) for entry in waiting if entry.id not in included]
        gone = [drop for one, arrival in back for drop in self._put_back(one, arrival)]
        gone += [Dropped(entry.id, Reason.TX_EXPIRED) for entry in self._index.pop_expired(height)]
        for dropped in gone:
            self._remember_drop(dropped.id, dropped.reason)
        for applied in switch.applied:
            self._note_block(applied)
        self._index.trim()
        return gone

    def take_back(self, envelopes: Iterable[Envelope]) -> list[Dropped]:
        """Let transactions wait again that were acknowledged once, an account's in nonce order."""
        gone: list[Dropped] = []
        for envelope in envelopes:
            self._arrivals += 1
            gone += self._put_back(envelope, self._arrivals)
        return gone

    def _take_out(self, senders: Iterable[bytes]) -> list[Entry]:
        """Remove all that these accounts have waiting; the result is in nonce order for each."""
        taken: list[Entry] = []
        for sender in sorted(senders):
            if (queue := self._index.queues.get(sender)) is not None:
                entries = sorted(queue.entries.values(), key=lambda entry: entry.nonce)
                for entry in reversed(entries):
                    self._index.remove(entry)
                taken += entries
        return taken

    def _put_back(self, envelope: Envelope, arrival: int) -> list[Dropped]:
        """Let one wait again, whatever its account holds just now; what had to go for it."""
        transaction, index = envelope.transaction, self._index
        account = self._account(transaction.sender)
        if envelope.id in index.entries:
            return []
        if transaction.nonce < account.nonce:
            return [Dropped(envelope.id, Reason.TX_STALE_NONCE)]
        if transaction.valid_until <= index.height:
            return [Dropped(envelope.id, Reason.TX_EXPIRED)]
        queue = index.queues.get(transaction.sender) or Queue(account.nonce)
        if transaction.nonce in queue.entries:
            return [Dropped(envelope.id, Reason.MEMPOOL_REPLACED)]
        entry = self._make_arrived(envelope, compute_cost(transaction), arrival)
        try:
            evicted = self._make_room(entry, queue, None)
        except TransactionError:
            return [Dropped(envelope.id, Reason.MEMPOOL_EVICTED)]
        index.insert(entry, queue)
        return [Dropped(id_, Reason.MEMPOOL_EVICTED) for id_ in evicted]
