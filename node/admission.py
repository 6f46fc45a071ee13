"""The door: every transaction body that enters this node passes here, once.

In one pass over a batch: decode and check the form (no state), verify the signatures in a thread
(libsodium releases the interpreter lock), offer what holds to the mempool, and write the bodies
to the on-disk mempool log. A client is answered after that log was synced; what peers send is
covered by the next sync of the journal instead, which comes before any vote that depends on it.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ledger.errors import TransactionError
from ledger.keys import verify_many
from ledger.mempool_log import forget_batch, load, log_batch
from ledger.reasons import Blame, Reason
from ledger.transaction import Envelope, decode_transaction, signing_bytes
from ledger.validation import check_transaction
from node.core import Core
from node.metrics import Metrics
from node.stages import Stages

VERIFY_BATCH_MAX = 512
"""Signatures per trip to the thread: some 25 ms of work, so that no batch waits long for another."""


@dataclass(slots=True)
class Entry:
    """What became of one submitted body: an envelope, and an error if it was refused."""

    envelope: Envelope | None = None
    error: TransactionError | None = None
    is_known: bool = False


@dataclass(slots=True)
class _Waiting:
    envelopes: list[Envelope]
    verdict: asyncio.Future[list[bool]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Verifier:
    """Signature verification in one thread; requests that meet while it is busy share a trip."""

    def __init__(self, stages: Stages, metrics: Metrics, threads: int = 1) -> None:
        self._stages = stages
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="verify")
        self._waiting: list[_Waiting] = []
        self._free = threads

    async def verify(self, envelopes: list[Envelope]) -> list[bool]:
        """Does each signature hold; in order."""
        if not envelopes:
            return []
        waiting = _Waiting(envelopes)
        self._waiting.append(waiting)
        self._launch()
        return await waiting.verdict

    def close(self) -> None:
        """End the thread; whoever still waits is cancelled."""
        for waiting in self._waiting:
            waiting.verdict.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _launch(self) -> None:
        while self._free and self._waiting:
            trip: list[_Waiting] = []
            size = 0
            while self._waiting and size < VERIFY_BATCH_MAX:
                trip.append(self._waiting.pop(0))
                size += len(trip[-1].envelopes)
            self._free -= 1
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(self._pool, self._verify, trip)
            done.add_done_callback(lambda result, trip=trip: self._finish(trip, result))

    def _verify(self, trip: list[_Waiting]) -> list[bool]:
        with self._stages.measure("verify"), self._metrics.verification.time():
            return verify_many(
                [
                    (
                        envelope.transaction.sender,
                        signing_bytes(envelope),
                        envelope.transaction.signature,
                    )
                    for waiting in trip
                    for envelope in waiting.envelopes
                ]
            )

    def _finish(self, trip: list[_Waiting], result: asyncio.Future[list[bool]]) -> None:
        self._free += 1
        if result.cancelled():
            return
        verdicts = result.result()
        self._metrics.verification_batch.observe(len(verdicts))
        at = 0
        for waiting in trip:
            end = at + len(waiting.envelopes)
            if not waiting.verdict.done():
                waiting.verdict.set_result(verdicts[at:end])
            at = end
        self._launch()


class Admission:
    """Takes bodies from clients and peers into the mempool and its log.

    `on_admitted(envelopes, source)` is called with what is new, `source` None for clients.
    """

    def __init__(
        self,
        core: Core,
        verifier: Verifier,
        on_admitted: Callable[[list[Envelope], bytes | None], None],
    ) -> None:
        self._chain = core.chain
        self._store = core.store
        self._mempool = core.mempool
        self._verifier = verifier
        self._stages = core.stages
        self._on_admitted = on_admitted
        self.needs_sync = False
        self._durable: asyncio.Task[None] | None = None

    async def submit(self, raws: Sequence[bytes]) -> list[Entry]:
        """Take a client's bodies; returns when all that was accepted is durable."""
        entries, admitted = await self._take(raws, None)
        if admitted:
            await self.sync()
        return entries

    async def receive(self, raws: Sequence[bytes], source: bytes) -> list[Entry]:
        """Take what a peer gossips; durable with the next sync of the journal."""
        entries, _ = await self._take(raws, source)
        return entries

    async def obtain(self, raws: Sequence[bytes]) -> list[Entry]:
        """Take bodies that a decided or proposed value needs, whatever the mempool thinks of them.

        Only form and signature count; they are logged so that a vote may follow.
        """
        entries = self._decode(raws)
        await self._check_signatures(entries)
        good = [entry.envelope for entry in entries if entry.envelope and not entry.error]
        self._log(good)
        return entries

    def reload(self) -> tuple[int, int]:
        """Fill the mempool from its log after a start; returns how many were kept and dropped."""
        envelopes = sorted(load(self._store), key=lambda envelope: envelope.transaction.nonce)
        gone = []
        for envelope in envelopes:
            try:
                self._mempool.add(envelope, self._chain.height)
            except TransactionError:
                gone.append(envelope.id)
        self.forget(gone)
        return len(envelopes) - len(gone), len(gone)

    def forget(self, ids: Iterable[bytes]) -> None:
        """Take what was dropped out of the log."""
        if len(batch := forget_batch(ids)):
            self._store.write(batch)

    async def sync(self) -> None:
        """Make the mempool log durable; calls that meet share one sync."""
        while self._durable is not None:
            await asyncio.shield(self._durable)
            if not self.needs_sync:
                return
        if self.needs_sync:
            self._durable = asyncio.create_task(self._sync())
            await asyncio.shield(self._durable)

    async def _sync(self) -> None:
        self.needs_sync = False
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._store.sync)
        except BaseException:
            self.needs_sync = True
            raise
        finally:
            self._durable = None

    async def _take(
        self, raws: Sequence[bytes], source: bytes | None
    ) -> tuple[list[Entry], list[Envelope]]:
        entries = self._decode(raws)
        self._mark_known(entries)
        await self._check_signatures(entries)
        admitted = self._offer(entries)
        if admitted:
            self._log(admitted)
            self._on_admitted(admitted, source)
        return entries, admitted

    def _decode(self, raws: Sequence[bytes]) -> list[Entry]:
        chain_id, limits = self._chain.chain_id, self._chain.genesis.limits
        entries = []
        with self._stages.measure("decode"):
            for raw in raws:
                entry = Entry()
                try:
                    entry.envelope = decode_transaction(raw)
                    check_transaction(entry.envelope, chain_id, limits)
                except TransactionError as error:
                    entry.error = error
                entries.append(entry)
        return entries

    def _mark_known(self, entries: Iterable[Entry]) -> None:
        """Before any work on signatures: what is pending or in a block needs none."""
        for entry in entries:
            envelope = entry.envelope
            if envelope is None or entry.error:
                continue
            entry.is_known = envelope.id in self._mempool or (
                envelope.transaction.nonce < self._chain.account(envelope.transaction.sender).nonce
                and self._chain.contains(envelope.id)
            )

    async def _check_signatures(self, entries: Sequence[Entry]) -> None:
        fresh = [entry for entry in entries if not entry.error and not entry.is_known]
        envelopes = [entry.envelope for entry in fresh if entry.envelope]
        for entry, holds in zip(fresh, await self._verifier.verify(envelopes), strict=True):
            if not holds:
                entry.error = TransactionError(
                    Reason.TX_BAD_SIGNATURE, "the signature is not valid"
                )

    def _offer(self, entries: Iterable[Entry]) -> list[Envelope]:
        admitted: list[Envelope] = []
        displaced: list[bytes] = []
        height = self._chain.height
        with self._stages.measure("mempool"):
            for entry in entries:
                envelope = entry.envelope
                if envelope is None or entry.error or entry.is_known:
                    continue
                if envelope.id in self._mempool:
                    entry.is_known = True
                    continue
                try:
                    added = self._mempool.add(envelope, height)
                except TransactionError as error:
                    entry.error = error
                else:
                    admitted.append(envelope)
                    displaced += added.evicted
                    displaced += [added.replaced] if added.replaced else []
        self.forget(displaced)
        return admitted

    def _log(self, envelopes: list[Envelope]) -> None:
        if not envelopes:
            return
        with self._stages.measure("mempool-log"):
            self._store.write(log_batch(envelopes), sync=False)
        self.needs_sync = True


def blames_sender(error: TransactionError) -> bool:
    """Would a correct peer never have passed this on."""
    return error.blame is Blame.SENDER
