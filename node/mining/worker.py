"""A mining process: reads orders from standard input, hashes, reports on standard output.

It hashes in slices of a few milliseconds and looks for orders between them, so a newer order stops
it within one slice. When standard input ends, its node has ended, however that came about, and it
ends too. It runs at low priority, so that a node on the same machine is not slowed down.

    python -m node.mining.worker ENGINE NICE
"""

import os
import select
import signal
import sys
import time
from collections.abc import Callable

from consensus import catalog
from consensus.block import Header
from node.mining.orders import (
    Found,
    Left,
    Order,
    Ready,
    Report,
    Rest,
    Search,
    Spent,
    Tried,
    encode,
    unpack_orders,
)

SLICE_S = 0.005
"""Of processor time: a tenth of what a change of orders may take."""
TRIES_FIRST = 256
TRIES_MAX = 1 << 20
REPORT_S = 0.5
READ_BYTES = 65_536

FindProof = Callable[[Header, int, int], Header | None]


class Pace:
    """How many tries fill one slice, as measured; hashes are counted by it."""

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self.tries = TRIES_FIRST
        self._clock = clock
        self._hashes_per_s = 0.0

    def start(self) -> float:
        """A slice begins."""
        return self._clock()

    def finish(self, started: float, tried: int) -> None:
        """A slice of so many tries is over."""
        took_s = max(self._clock() - started, 1e-6)
        self._hashes_per_s = tried / took_s
        self.tries = min(max(int(self._hashes_per_s * SLICE_S), TRIES_FIRST), TRIES_MAX)

    def reckon(self, started: float, tries_max: int) -> int:
        """How many of the tries a slice took that ended early, by its time: at least one."""
        if not self._hashes_per_s:
            return tries_max
        return min(max(int((self._clock() - started) * self._hashes_per_s), 1), tries_max)


class Worker:
    """One search at a time; `say` sends a report."""

    def __init__(
        self, find_proof: FindProof, say: Callable[[Report], None], pace: Pace | None = None
    ) -> None:
        self._find_proof = find_proof
        self._say = say
        self._pace = pace or Pace()
        self._search: Search | None = None
        self._next = 0
        self._hashes = 0
        self._reported_at = 0.0

    @property
    def is_searching(self) -> bool:
        """Is there something to hash."""
        return self._search is not None

    def obey(self, order: Order) -> None:
        """Give up the search before, and begin another if one is ordered."""
        if self._search is not None:
            self._say(Left(self._search.job, self._take_hashes()))
        match order:
            case Search() as search:
                self._search, self._next = search, search.first
                self._reported_at = time.monotonic()
            case Rest():
                self._search = None

    def hash_slice(self) -> None:
        """Try as many nonces as a slice has room for, and say what came of it."""
        search = self._search
        assert search is not None
        tries = min(self._pace.tries, search.last - self._next + 1)
        started = self._pace.start()
        proved = self._find_proof(search.header, self._next, tries)
        if proved is not None:
            self._hashes += self._pace.reckon(started, tries)
            self._search = None
            self._say(Found(search.job, proved, self._take_hashes()))
            return
        self._pace.finish(started, tries)
        self._hashes += tries
        self._next += tries
        if self._next > search.last:
            self._search = None
            self._say(Spent(search.job, self._take_hashes()))
        elif time.monotonic() - self._reported_at >= REPORT_S:
            self._reported_at = time.monotonic()
            self._say(Tried(search.job, self._take_hashes()))

    def _take_hashes(self) -> int:
        taken, self._hashes = self._hashes, 0
        return taken


def run(worker: Worker, orders_file: int) -> None:
    """Obey until the orders end."""
    unpacker = unpack_orders()
    poller = select.poll()
    poller.register(orders_file, select.POLLIN)
    while True:
        if worker.is_searching and not poller.poll(0):
            worker.hash_slice()
            continue
        data = os.read(orders_file, READ_BYTES)
        if not data:
            return
        for order in unpacker.feed(data):
            worker.obey(order)


def main(engine: str, nice: int) -> None:
    """The process from start to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the node, which ends its workers
    os.nice(nice)
    reports_file = os.dup(1)
    os.dup2(2, 1)  # nothing that prints may spoil the reports
    tree = catalog.get(engine).tree
    assert tree is not None

    def say(report: Report) -> None:
        data = encode(report)
        while data:
            data = data[os.write(reports_file, data) :]

    say(Ready())
    try:
        run(Worker(tree.find_proof, say), 0)
    except BrokenPipeError:
        return  # the node is gone


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
