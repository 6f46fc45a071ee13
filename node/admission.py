"""The door: every transaction body that enters this node passes here, once.

In one pass over a batch: decode and check the form (no state), verify the signatures in a thread
(libsodium releases the interpreter lock), offer what holds to the mempool, and write the bodies
to the on-disk mempool log. A client is answered after that log was synced; what peers send is
covered by the next sync of the journal instead, which comes before any vote that depends on it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from ledger.errors import TransactionError
from ledger.mempool import Dropped
from ledger.reasons import Blame, Reason
from ledger.transaction import Envelope, decode_transaction
from ledger.validation import check_transaction
from node.body_log import BodyLog
from node.core import Core
from node.errors import NodeError
from node.gate import Gate
from node.metrics import Metrics
from node.verifier import Verifier

CLIENT_TRANSACTIONS_MAX = 1_000
"""Clients' transactions worked on at once: enough for the verifying thread never to run dry."""

CLIENT_WAITING_MAX = 20_000
"""Beyond so many waiting for their turn, clients are told to come back: some seconds of work."""


class BadBodiesError(NodeError):
    """A peer answered with bodies that no correct peer would have given."""

    reason = "bodies-bad"


@dataclass(slots=True)
class Entry:
    """What became of one submitted body: an envelope, and an error if it was refused."""

    envelope: Envelope | None = None
    error: TransactionError | None = None
    is_known: bool = False


class Admission:
    """Takes bodies from clients and peers into the mempool and its log.

    `on_admitted(envelopes, source)` is called with what is new, `source` None for clients;
    `on_displaced(drops)` with what made way for it.
    """

    def __init__(
        self,
        core: Core,
        verifier: Verifier,
        log: BodyLog,
        *,
        on_admitted: Callable[[list[Envelope], bytes | None], None],
        on_displaced: Callable[[list[Dropped]], None],
        is_congested: Callable[[], bool],
    ) -> None:
        self._chain = core.chain
        self._log = log
        self._mempool = core.mempool
        self._verifier = verifier
        self._stages = core.stages
        self._on_admitted = on_admitted
        self._on_displaced = on_displaced
        self._gate = Gate(CLIENT_TRANSACTIONS_MAX, CLIENT_WAITING_MAX, is_congested)

    async def submit(self, raws: Sequence[bytes]) -> list[Entry]:
        """Take a client's bodies; returns when all that was accepted is durable.

        Raises `BusyError` when too many clients wait already.
        """
        async with self._gate.enter(len(raws)):
            entries, admitted = await self._take(raws, None)
        if admitted or any(entry.is_known for entry in entries):
            await self._log.sync()
        return entries

    async def receive(self, raws: Sequence[bytes], source: bytes) -> list[Entry]:
        """Take what a peer gossips; durable with the next sync of the journal."""
        entries, _ = await self._take(raws, source)
        return entries

    async def obtain(self, raws: Sequence[bytes], wanted: Collection[bytes]) -> list[Envelope]:
        """Verify bodies that a peer was asked for by id, whatever the mempool thinks of them.

        Only form and signature count. Raises `BadBodiesError` if one does not hold, or was not
        asked for.
        """
        entries = self._decode(raws)
        unwanted = sum(e.envelope is None or e.envelope.id not in wanted for e in entries)
        if not unwanted:
            await self._check_signatures(entries, urgent=True)
        if unwanted or any(entry.error for entry in entries):
            raise BadBodiesError(f"{unwanted} of {len(raws)} bodies are none of those asked for")
        return [entry.envelope for entry in entries if entry.envelope]

    @property
    def waiting(self) -> int:
        """Clients' transactions that wait to be looked at."""
        return self._gate.waiting

    def hasten(self, ids: Iterable[bytes]) -> set[bytes]:
        """Verify these before others, where they wait for that; returns those that do."""
        return self._verifier.hasten(ids)

    def reload(self) -> tuple[int, int]:
        """Fill the mempool from its log after a start; returns how many fitted and how many not.

        Where the head may move, a payment may wait for its own funds to be included again.
        """
        envelopes, is_open = self._log.load(), self._chain.final_height < self._chain.height
        for envelope in envelopes:
            try:
                self._mempool.add(envelope, self._chain.height)
            except TransactionError as error:
                if is_open and error.reason is Reason.TX_INSUFFICIENT_BALANCE:
                    self._mempool.take_back([envelope])
        spared = [envelope for envelope in envelopes if envelope.id not in self._mempool]
        self._log.spare(spared, self._chain.height)
        return len(envelopes) - len(spared), len(spared)

    async def _take(
        self, raws: Sequence[bytes], source: bytes | None
    ) -> tuple[list[Entry], list[Envelope]]:
        """Clients' bodies are verified first: the other validators cannot have them before."""
        entries = self._decode(raws)
        self._mark_known(entries)
        await self._check_signatures(entries, urgent=source is None)
        admitted = self._offer(entries)
        if admitted:
            self._log.add(admitted)
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

    async def _check_signatures(self, entries: Sequence[Entry], *, urgent: bool = False) -> None:
        fresh = [entry for entry in entries if not entry.error and not entry.is_known]
        envelopes = [entry.envelope for entry in fresh if entry.envelope]
        if not envelopes:
            return
        verdicts = await self._verifier.verify(envelopes, urgent=urgent)
        for entry, holds in zip(fresh, verdicts, strict=True):
            if not holds:
                entry.error = TransactionError(
                    Reason.TX_BAD_SIGNATURE, "the signature is not valid"
                )

    def _offer(self, entries: Iterable[Entry]) -> list[Envelope]:
        """Put what holds into the mempool; returns what is in there now because of that."""
        admitted: list[Envelope] = []
        displaced: list[Dropped] = []
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
                    self._refuse(entry, error)
                else:
                    admitted.append(envelope)
                    displaced += (Dropped(one, Reason.MEMPOOL_EVICTED) for one in added.evicted)
                    if added.replaced:
                        displaced.append(Dropped(added.replaced, Reason.MEMPOOL_REPLACED))
        if displaced:
            self._log.forget(drop.id for drop in displaced)
            self._on_displaced(displaced)
            admitted = [envelope for envelope in admitted if envelope.id in self._mempool]
        return admitted

    def _refuse(self, entry: Entry, error: TransactionError) -> None:
        """What was included while its signature was verified is known, not stale."""
        assert entry.envelope is not None
        if error.reason is Reason.TX_STALE_NONCE and self._chain.contains(entry.envelope.id):
            entry.is_known = True
        else:
            entry.error = error


def blames_sender(error: TransactionError) -> bool:
    """Would a correct peer never have passed this on."""
    return error.blame is Blame.SENDER


def count_rejections(metrics: Metrics, source: str, entries: Iterable[Entry]) -> None:
    """Count what was turned away by reason; `source` is who brought it, `client` or `peer`."""
    reasons = Counter(entry.error.reason.value for entry in entries if entry.error is not None)
    for reason, count in reasons.items():
        metrics.mempool_rejections.labels(source, reason).inc(count)
