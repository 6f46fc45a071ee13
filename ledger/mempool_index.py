"""Where the mempool keeps its entries: by id, by account, by fee, by expiry.

No policy and no reasons here. Nothing scans all entries: heaps let go of the dead when these surface
or have become the majority.
"""

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush

import msgspec

from ledger.mempool_overdue import OverdueTracker
from ledger.mempool_queue import Entry, Queue
from ledger.priority import LazyHeap


def _is_live(entry: Entry) -> bool:
    return entry.live


class MempoolIndex:
    """Entries in all the orders in which they are asked for."""

    def __init__(self, overdue_heights: int, height: int) -> None:
        self.height = height
        """The head's, as far as the mempool has been told."""
        self.size_bytes = 0
        self.executable_count = 0
        self.entries: dict[bytes, Entry] = {}
        """By id, in the order of arrival."""
        self.queues: dict[bytes, Queue] = {}
        """By account; never an empty one."""
        self.overdue = OverdueTracker(overdue_heights)
        self._ready: LazyHeap[Entry] = LazyHeap(_is_live)
        self._tails: LazyHeap[Entry] = LazyHeap(self._is_tail)
        self._expiring: dict[int, dict[bytes, Entry]] = {}
        self._expiries: list[int] = []

    # Coming in.

    def insert(self, entry: Entry, queue: Queue, rival: Entry | None = None) -> None:
        """Put an entry in all places; `rival` is the one of the same nonce that it replaces."""
        self.queues[entry.sender] = queue
        if rival is not None:
            self._forget(rival)
            queue.cost -= rival.cost
        self.entries[entry.id] = entry
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
            self.push_tail(entry)

    def insert_again(self, removed: list[tuple[Entry, Queue]]) -> None:
        """Take back tails that were removed, the last one first."""
        for entry, queue in reversed(removed):
            again = msgspec.structs.replace(entry, live=True, executable=False)
            self.insert(again, queue)

    def _mark_executable(self, entry: Entry) -> None:
        entry.executable = True
        entry.ready_height = self.height
        self.executable_count += 1
        self.overdue.add(entry)

    def _extend_run(self, queue: Queue) -> None:
        """Whatever follows without a gap is executable."""
        while (entry := queue.entries.get(queue.run_end)) is not None:
            self._mark_executable(entry)
            queue.run_end += 1

    # Asking.

    def iterate_best(self) -> Iterator[Entry]:
        """Executable entries, best first, each account's in nonce order.

        What follows an entry takes part once that entry has been consumed.
        """

        def follow(entry: Entry) -> tuple[int, int, Entry] | None:
            after = self.queues[entry.sender].entries.get(entry.nonce + 1)
            return None if after is None else (-after.fee, after.arrival, after)

        return self._ready.ascending(follow)

    def _is_tail(self, entry: Entry) -> bool:
        return entry.live and self.queues[entry.sender].tail is entry

    def push_tail(self, entry: Entry) -> None:
        """Keep the end of a queue among those that may be pushed out."""
        self._tails.push(entry.urgency, -entry.arrival, entry)

    def pop_cheapest(self, sparing: bytes) -> Entry | None:
        """The tail that goes first, not of the account `sparing`; `push_tail` puts it back."""
        spared = None
        found = None
        while (top := self._tails.pop()) is not None:
            urgency, _, entry = top
            if entry.urgency != urgency:  # its gap was filled, or opened, since it was put there
                self.push_tail(entry)
            elif entry.sender == sparing:
                spared = entry
            else:
                found = entry
                break
        if spared is not None:
            self.push_tail(spared)
        return found

    # Going out.

    def _forget(self, entry: Entry) -> None:
        """Take an entry out of everything but its queue."""
        entry.live = False
        del self.entries[entry.id]
        self.size_bytes -= entry.size_bytes
        if entry.executable:
            self.executable_count -= 1
        bucket = self._expiring[entry.valid_until]
        del bucket[entry.id]
        if not bucket:
            del self._expiring[entry.valid_until]

    def remove(self, entry: Entry) -> None:
        """Take an entry out, wherever it stands in its queue."""
        queue = self.queues[entry.sender]
        self._forget(entry)
        if queue.take(entry) and queue.tail is not None:
            self.push_tail(queue.tail)
        if entry.executable:
            self._cut_run(queue, entry.nonce)
        if not queue.entries:
            del self.queues[entry.sender]

    def _cut_run(self, queue: Queue, nonce: int) -> None:
        """What stood after a removed executable entry is behind a gap now."""
        for after in range(nonce + 1, queue.run_end):
            queue.entries[after].executable = False
            self.executable_count -= 1
        queue.run_end = nonce

    def advance(self, sender: bytes, nonce: int) -> list[Entry]:
        """The account's nonce has moved to `nonce`; the result is what stood before and left."""
        queue = self.queues.get(sender)
        if queue is None or nonce <= queue.nonce:
            return []
        entries, gone = queue.entries, []
        passed: Iterable[int] = range(queue.nonce, nonce)
        if nonce - queue.nonce > len(entries):
            passed = [key for key in entries if key < nonce]
        for used in passed:
            if (entry := entries.pop(used, None)) is not None:
                queue.cost -= entry.cost
                self._forget(entry)
                gone.append(entry)
        queue.nonce = nonce
        queue.run_end = max(queue.run_end, nonce)
        if not entries:
            del self.queues[sender]
            return gone
        self._extend_run(queue)
        if (head := queue.head) is not None:
            self._ready.push(-head.fee, head.arrival, head)
        return gone

    def pop_expired(self, height: int) -> list[Entry]:
        """Remove what may not stand above `height`."""
        gone: list[Entry] = []
        while self._expiries and self._expiries[0] <= height:
            for entry in list(self._expiring.get(heappop(self._expiries), {}).values()):
                self.remove(entry)
                gone.append(entry)
        return gone

    def trim(self) -> None:
        """Keep what is lazily deleted from outgrowing what is not."""
        self._ready.trim(len(self.queues))
        self._tails.trim(len(self.queues))
        self.overdue.trim(len(self.entries))
        if len(self._expiries) > 2 * len(self._expiring) + 64:
            self._expiries = list(self._expiring)
            heapify(self._expiries)
