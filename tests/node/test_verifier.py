"""The verifier: every signature once, urgent ones first, the right verdict for everybody."""

import asyncio
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from ledger.keys import SignedMessage, verify_many
from ledger.transaction import Envelope
from node.metrics import Metrics
from node.stages import Stages
from node.verifier import VERIFY_BATCH_MAX, Verifier, VerifierClosedError
from tests.ledger.support import ALICE, transfer
from tests.node.parts import forge
from tests.node.support import leaving_nothing, until

FIRST = transfer(ALICE, 1_000_000)
"""What keeps the thread busy."""


class Thread:
    """What runs in the verifying thread: the real thing behind a gate, with a list of its trips."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.trips: list[list[bytes]] = []
        self.error: Exception | None = None

    def __call__(self, signed: Iterable[SignedMessage]) -> list[bool]:
        messages = list(signed)
        self.trips.append([signature for _, _, signature in messages])
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        return verify_many(messages)

    @property
    def seen(self) -> list[bytes]:
        return [signature for trip in self.trips for signature in trip]


class Bench:
    def __init__(self) -> None:
        self.failures: list[BaseException] = []
        self.verifier = Verifier(Stages(), Metrics(), self.failures.append)

    async def busy(self, thread: Thread) -> "asyncio.Task[list[bool]]":
        """Keep the thread at work on something else until its gate opens."""
        thread.gate.clear()
        task = asyncio.create_task(self.verifier.verify([FIRST]))
        await until(lambda: thread.trips)
        return task


@pytest.fixture
async def bench() -> Any:
    bench = Bench()
    async with leaving_nothing():
        yield bench
        bench.verifier.close()


@pytest.fixture
def thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[Thread]:
    thread = Thread()
    monkeypatch.setattr("node.verifier.verify_many", thread)
    yield thread
    thread.gate.set()


def good(nonce: int) -> Envelope:
    return transfer(ALICE, nonce)


def ask(bench: Bench, *envelopes: Envelope, urgent: bool = False) -> "asyncio.Task[list[bool]]":
    return asyncio.create_task(bench.verifier.verify(list(envelopes), urgent=urgent))


async def test_verdicts_are_in_order(bench: Bench) -> None:
    mixed = [forge(good(n)) if n % 3 else good(n) for n in range(30)]
    assert await bench.verifier.verify(mixed) == [n % 3 == 0 for n in range(30)]
    assert await bench.verifier.verify([]) == []
    assert bench.verifier.backlog == 0


async def test_each_is_verified_once_though_asked_from_several_sides(
    bench: Bench, thread: Thread
) -> None:
    busy = await bench.busy(thread)
    a, b, c, bad = good(0), good(1), good(2), forge(good(3))
    answers = [ask(bench, a, b), ask(bench, bad, b, c), ask(bench, c, a, bad, a)]
    await until(lambda: bench.verifier.backlog == 5)
    thread.gate.set()
    assert await asyncio.gather(*answers) == [
        [True, True],
        [False, True, True],
        [True, True, False, True],
    ]
    await busy
    assert len(thread.seen) == len(set(thread.seen)) == 5
    assert bench.verifier.backlog == 0


async def test_who_asks_meanwhile_joins_what_is_under_way(bench: Bench, thread: Thread) -> None:
    busy = await bench.busy(thread)
    joined = ask(bench, FIRST)
    await asyncio.sleep(0)
    thread.gate.set()
    assert await joined == await busy == [True]
    assert len(thread.seen) == 1


async def test_the_same_id_under_another_signature_is_another_matter(
    bench: Bench, thread: Thread
) -> None:
    busy = await bench.busy(thread)
    true, false = good(0), forge(good(0))
    answers = [
        ask(bench, false),
        ask(bench, true),
        ask(bench, true, false),
        ask(bench, false, true),
    ]
    await until(lambda: bench.verifier.backlog == 3)
    thread.gate.set()
    assert await asyncio.gather(*answers) == [[False], [True], [True, False], [False, True]]
    await busy


async def test_urgent_ones_go_first(bench: Bench, thread: Thread) -> None:
    busy = await bench.busy(thread)
    slow = [ask(bench, *(good(100 * n + k) for k in range(100))) for n in range(1, 11)]
    await until(lambda: bench.verifier.backlog == 1_001)
    urgent = ask(bench, good(0), urgent=True)
    await until(lambda: bench.verifier.backlog == 1_002)
    thread.gate.set()
    await asyncio.gather(urgent, busy, *slow)
    assert thread.trips[1][0] == good(0).transaction.signature
    assert all(len(trip) <= VERIFY_BATCH_MAX for trip in thread.trips)
    assert len(thread.trips) == 3


async def test_hastening_moves_what_is_queued_and_names_what_is_verified(
    bench: Bench, thread: Thread
) -> None:
    busy = await bench.busy(thread)
    first, second = good(0), good(1)
    answers = [ask(bench, *(good(10 + k) for k in range(VERIFY_BATCH_MAX))), ask(bench, second)]
    await until(lambda: bench.verifier.backlog == VERIFY_BATCH_MAX + 2)
    assert bench.verifier.hasten([first.id, second.id, FIRST.id]) == {second.id, FIRST.id}
    thread.gate.set()
    await asyncio.gather(busy, *answers)
    assert thread.trips[1] == [second.transaction.signature]


async def test_asking_urgently_for_what_is_queued_hastens_it(bench: Bench, thread: Thread) -> None:
    busy = await bench.busy(thread)
    wanted = good(1)
    answers = [ask(bench, *(good(10 + k) for k in range(VERIFY_BATCH_MAX))), ask(bench, wanted)]
    await until(lambda: bench.verifier.backlog == VERIFY_BATCH_MAX + 2)
    answers.append(ask(bench, wanted, urgent=True))
    await asyncio.sleep(0)
    thread.gate.set()
    await asyncio.gather(busy, *answers)
    assert thread.trips[1] == [wanted.transaction.signature]
    assert len(thread.seen) == VERIFY_BATCH_MAX + 2


async def test_one_who_gives_up_takes_nothing_from_the_others(bench: Bench, thread: Thread) -> None:
    busy = await bench.busy(thread)
    first, second = ask(bench, good(0)), ask(bench, good(0))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    assert first.cancelled()
    thread.gate.set()
    assert await second == [True]
    await busy


async def test_an_error_in_the_thread_reaches_the_node_and_everybody_who_waits(
    bench: Bench, thread: Thread
) -> None:
    busy = await bench.busy(thread)
    joined, later = ask(bench, FIRST), ask(bench, good(0))
    await until(lambda: bench.verifier.backlog == 2)
    error = thread.error = MemoryError("no memory")
    thread.gate.set()
    for task in (busy, joined, later):
        with pytest.raises(MemoryError):
            await asyncio.wait_for(task, 5)
    assert bench.failures == [error, error]
    assert bench.verifier.backlog == 0


async def test_closing_leaves_nobody_waiting(bench: Bench, thread: Thread) -> None:
    busy = await bench.busy(thread)
    queued = ask(bench, good(0))
    await until(lambda: bench.verifier.backlog == 2)
    thread.gate.set()
    bench.verifier.close()
    for task in (busy, queued):
        with pytest.raises(VerifierClosedError):
            await asyncio.wait_for(task, 5)
    assert bench.verifier.backlog == 0
    with pytest.raises(VerifierClosedError):
        await bench.verifier.verify([good(5)])
    assert not [t for t in threading.enumerate() if t.name.startswith("verify")]


async def test_the_pace_of_late_tells_how_long_a_backlog_takes(bench: Bench) -> None:
    assert bench.verifier.compute_seconds(1_000) == 0
    await bench.verifier.verify([good(n) for n in range(20)])
    assert 0 < bench.verifier.compute_seconds(1_000) < 60
