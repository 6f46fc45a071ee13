"""Signature verification off the event loop: one thread, shared trips, every signature once."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ledger.keys import verify_many
from ledger.transaction import Envelope, signing_bytes
from node.errors import NodeError
from node.metrics import Metrics
from node.stages import Stages

VERIFY_BATCH_MAX = 512
"""Signatures per trip to the thread: some 30 ms of work, so that no batch waits long for another."""


PACE_TRIPS = 8
"""The pace is averaged over about so many trips."""


class VerifierClosedError(NodeError):
    """The node is closing: nothing is verified any more."""

    reason = "verifier-closed"


@dataclass(slots=True, eq=False)
class _Batch:
    """Transactions that came together; the verdicts are by raw bytes."""

    envelopes: list[Envelope]
    verdicts: asyncio.Future[dict[bytes, bool]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Verifier:
    """Verifies in a thread (libsodium releases the interpreter lock).

    Batches that meet while the thread is busy share its next trip. What is being verified already
    is not verified again: whoever asks joins. An id does not cover the signature, so it is the
    bytes that are told apart: nobody joins what carries another signature under the same id.
    `on_failure` is told of an error that is no verdict, and so is everybody who waits for it.
    """

    def __init__(
        self, stages: Stages, metrics: Metrics, on_failure: Callable[[BaseException], None]
    ) -> None:
        self._stages = stages
        self._metrics = metrics
        self._on_failure = on_failure
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="verify")
        self._queue: deque[_Batch] = deque()
        self._batch_of: dict[bytes, _Batch] = {}
        self._batch_of_id: dict[bytes, _Batch] = {}
        self._is_closed = False
        self._is_busy = False
        self._seconds_each = 0.0

    async def verify(self, envelopes: list[Envelope], *, urgent: bool = False) -> list[bool]:
        """Does each signature hold; in order. Urgent ones go first: a proposal waits for them.

        Raises `VerifierClosedError` when the node closes before it is known.
        """
        batches: list[_Batch] = []
        fresh = [envelope for envelope in envelopes if envelope.raw not in self._batch_of]
        if fresh:
            batches.append(self._enqueue(fresh, urgent=urgent))
        if len(fresh) < len(envelopes):
            joined = (self._batch_of[e.raw] for e in envelopes if e.raw in self._batch_of)
            batches += list({id(batch): batch for batch in joined}.values())
            if urgent:
                self.hasten(envelope.id for envelope in envelopes)
        verdicts: dict[bytes, bool] = {}
        for batch in batches:
            verdicts.update(await asyncio.shield(batch.verdicts))
        return [verdicts[envelope.raw] for envelope in envelopes]

    def hasten(self, ids: Iterable[bytes]) -> set[bytes]:
        """Let what is queued of these go first; returns those that are being verified."""
        found = {id_ for id_ in ids if id_ in self._batch_of_id}
        batches = {id(batch): batch for batch in map(self._batch_of_id.__getitem__, found)}
        for batch in batches.values():
            if batch in self._queue:
                self._queue.remove(batch)
                self._queue.appendleft(batch)
        return found

    @property
    def backlog(self) -> int:
        """Signatures asked for and not verified yet."""
        return len(self._batch_of)

    def compute_seconds(self, signatures: int) -> float:
        """How long so many take, by the pace of late."""
        return signatures * self._seconds_each

    def close(self) -> None:
        """End the thread (a trip that is under way takes some 30 ms); nobody waits any longer."""
        self._is_closed = True
        self._queue.clear()
        for batch in {id(batch): batch for batch in self._batch_of.values()}.values():
            _refuse(batch, VerifierClosedError("this node is closing"))
        self._batch_of.clear()
        self._batch_of_id.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _enqueue(self, envelopes: list[Envelope], *, urgent: bool) -> _Batch:
        if self._is_closed:
            raise VerifierClosedError("this node is closing")
        batch = _Batch(envelopes)
        for envelope in envelopes:
            self._batch_of[envelope.raw] = self._batch_of_id[envelope.id] = batch
        if urgent:
            self._queue.appendleft(batch)
        else:
            self._queue.append(batch)
        self._launch()
        return batch

    def _launch(self) -> None:
        if self._is_busy or not self._queue:
            return
        trip = [self._queue.popleft()]
        size = len(trip[0].envelopes)
        while self._queue and size + len(self._queue[0].envelopes) <= VERIFY_BATCH_MAX:
            trip.append(self._queue.popleft())
            size += len(trip[-1].envelopes)
        self._is_busy = True
        started = time.monotonic()
        done = asyncio.get_running_loop().run_in_executor(self._pool, self._work, trip)
        done.add_done_callback(lambda result: self._finish(trip, result, started))

    def _work(self, trip: list[_Batch]) -> list[bool]:
        with self._stages.measure("verify"), self._metrics.verification.time():
            return verify_many(
                (
                    envelope.transaction.sender,
                    signing_bytes(envelope),
                    envelope.transaction.signature,
                )
                for batch in trip
                for envelope in batch.envelopes
            )

    def _finish(
        self, trip: list[_Batch], result: asyncio.Future[list[bool]], started: float
    ) -> None:
        self._is_busy = False
        if self._is_closed or result.cancelled():
            return
        if error := result.exception():
            self._fail(trip, error)
            return
        verdicts = iter(result.result())
        size = 0
        for batch in trip:
            by_raw = {envelope.raw: next(verdicts) for envelope in batch.envelopes}
            size += len(batch.envelopes)
            self._forget(batch)
            batch.verdicts.set_result(by_raw)
        self._metrics.verification_batch.observe(size)
        pace = (time.monotonic() - started) / size
        self._seconds_each += (pace - self._seconds_each) / PACE_TRIPS
        self._launch()

    def _forget(self, batch: _Batch) -> None:
        for envelope in batch.envelopes:
            self._batch_of.pop(envelope.raw, None)
            if self._batch_of_id.get(envelope.id) is batch:
                del self._batch_of_id[envelope.id]

    def _fail(self, trip: list[_Batch], error: BaseException) -> None:
        """No verdict came out of the thread: nobody may wait for one, and the node must end."""
        for batch in trip:
            self._forget(batch)
            _refuse(batch, error)
        self._on_failure(error)
        self._launch()


def _refuse(batch: _Batch, error: BaseException) -> None:
    batch.verdicts.set_exception(error)
    batch.verdicts.exception()  # seen here, whoever else looks at it
