"""The worker without its process: a search function that finds what the test wants."""

import msgspec

from consensus.block import Header
from node.mining.orders import Found, Left, Report, Rest, Search, Spent, Tried
from node.mining.worker import SLICE_S, TRIES_FIRST, TRIES_MAX, Pace, Worker
from tests.node.mining.support import EASY, make_block

HEADER = make_block(EASY).header


class Clock:
    """Stands still unless told."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


class Bench:
    """A worker whose nonces cost a microsecond each, and of which one may be a proof."""

    def __init__(self, proof: int | None = None) -> None:
        self.clock = Clock()
        self.asked: list[range] = []
        self.said: list[Report] = []
        self._proof = proof
        self.worker = Worker(self.find, self.said.append, Pace(self.clock))

    def find(self, header: Header, first: int, tries: int) -> Header | None:
        """The header with the proof in its claim, if it is among these nonces."""
        nonces = range(first, first + tries)
        self.asked.append(nonces)
        if self._proof is None or self._proof not in nonces:
            self.clock.now += tries / 1e6
            return None
        self.clock.now += (self._proof - first + 1) / 1e6
        return msgspec.structs.replace(header, claim=self._proof.to_bytes(20, "big"))

    def search(self, first: int, last: int, job: int = 1) -> None:
        """Order it and hash to the end."""
        self.worker.obey(Search(job, HEADER, first, last))
        while self.worker.is_searching:
            self.worker.hash_slice()


def test_every_nonce_is_tried_once_and_counted() -> None:
    bench = Bench()
    bench.search(5, 20_004)
    assert [nonce for nonces in bench.asked for nonce in nonces] == list(range(5, 20_005))
    counted = sum(report.hashes for report in bench.said if isinstance(report, Tried | Spent))
    assert counted == 20_000
    assert isinstance(bench.said[-1], Spent)


def test_a_slice_grows_to_its_time() -> None:
    bench = Bench()
    bench.search(0, 30_000)
    assert len(bench.asked[0]) == TRIES_FIRST
    assert len(bench.asked[1]) == round(SLICE_S * 1e6)
    pace = Pace(bench.clock)
    pace.finish(pace.start(), 1 << 30)
    assert pace.tries == TRIES_MAX
    started = pace.start()
    bench.clock.now += 10
    pace.finish(started, 5)
    assert pace.tries == TRIES_FIRST


def test_a_proof_ends_the_search_and_hashes_are_reckoned_by_time() -> None:
    bench = Bench(proof=9_000)
    bench.search(0, 1 << 60)
    found = bench.said[-1]
    assert isinstance(found, Found)
    assert int.from_bytes(found.header.claim, "big") == 9_000
    hashes = sum(report.hashes for report in bench.said if isinstance(report, Tried | Found))
    assert abs(hashes - 9_001) <= 1
    assert not bench.worker.is_searching


def test_a_newer_order_says_what_became_of_the_older() -> None:
    bench = Bench()
    bench.worker.obey(Search(1, HEADER, 0, 1 << 60))
    bench.worker.hash_slice()
    bench.worker.obey(Search(2, HEADER, 7, 9))
    bench.worker.hash_slice()
    bench.worker.obey(Rest())
    assert bench.said == [Left(1, TRIES_FIRST), Spent(2, 3)]
    assert bench.asked[-1] == range(7, 10)
    assert not bench.worker.is_searching
