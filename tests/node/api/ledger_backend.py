"""A backend for tests: the real chain and mempool in memory, and blocks made by hand."""

import asyncio
from collections.abc import Callable, Sequence

from ledger.apply import AppliedBlock
from ledger.block import encode_payload
from ledger.chain import Chain
from ledger.errors import TransactionError
from ledger.genesis import Genesis
from ledger.keys import KeyPair
from ledger.mempool import Mempool, MempoolLimits
from ledger.reasons import Reason
from ledger.store.memory import MemoryStore
from ledger.transaction import Envelope, TransactionPayload, Transfer, build, decode_transaction
from ledger.validation import check_signature, check_transaction
from node.api.backend import (
    EngineView,
    Freshness,
    MempoolView,
    NodeState,
    NodeStatus,
    Outcome,
    PeerView,
    Submission,
    TransactionStatus,
    TransactionView,
    ValidatorView,
)
from node.diagnosis.facts import Member, Presence
from node.diagnosis.finding import Code, Finding, Severity
from node.events.hub import EventHub
from node.events.log import EventLog
from node.events.recorder import EventRecorder
from node.events.telling import Teller
from node.metrics import Metrics

ALICE = KeyPair(b"\x01" * 32)
BOB = KeyPair(b"\x02" * 32)
CAROL = KeyPair(b"\x03" * 32)
VALIDATOR = KeyPair(b"\x0a" * 32)
SEAL = b"seal"
CERTIFICATE = b"certificate"
FAR = 1_000_000


def make_genesis() -> Genesis:
    return Genesis(
        name="test-network",
        engine="pbft",
        validators=(VALIDATOR.public_key,),
        allocations={ALICE.public_key: 1_000_000, BOB.public_key: 1_000_000},
        timestamp_ms=1_700_000_000_000,
    )


class LedgerBackend:
    """Implements `node.api.backend.Backend`; `make_block` plays the engine."""

    def __init__(self, count_max: int = 100) -> None:
        self.chain = Chain.open(MemoryStore(), make_genesis())
        self.metrics = Metrics()
        self.mempool = Mempool(MempoolLimits(count_max=count_max), self.chain.account)
        self.failures: list[BaseException] = []
        log = EventLog(MemoryStore(), count_max=1_000, bytes_max=1_000_000)
        self.events = EventHub(
            log,
            Teller(self.chain),
            self.metrics,
            subscribers_max=4,
            on_failure=self.failures.append,
        )
        self.recorder = EventRecorder(log, self.events, self.chain, self.mempool)
        self.recorder.start()
        self.is_stopping = False
        self.is_ready = True
        self.failure: Exception | None = None
        self.submitted = 0
        self.freshness = Freshness.CONFIRMED
        self.confirmed: list[float] = []
        """The time limits of the reads that had to be linearizable."""
        self.before_read: Callable[[], object] = lambda: None
        self._settled = asyncio.Event()
        self.someone_waits = asyncio.Event()

    def pay(
        self,
        nonce: int,
        amount: int = 10,
        sender: KeyPair = ALICE,
        fee: int = 1,
        payload: TransactionPayload | None = None,
    ) -> Envelope:
        """A signed transaction, by default a transfer to Carol."""
        payload = payload or Transfer(CAROL.public_key, amount)
        return build(self.chain.chain_id, sender, nonce, fee, FAR, payload)

    def make_block(self, *envelopes: Envelope, certify: bool = False) -> AppliedBlock:
        """Order these, or what is pending where none are named."""
        chosen = list(envelopes) or self.mempool.select(1000, 1 << 20, ())
        bodies = {envelope.id: envelope for envelope in chosen}
        height = self.chain.height + 1
        stamp = self.chain.head.timestamp_ms + 1000
        value = encode_payload(stamp, VALIDATOR.public_key, list(bodies))
        applied = self.chain.execute(height, (value,), SEAL, bodies.get)
        dropped = self.mempool.apply_block(applied)
        self.recorder.on_chain(applied.ids)
        self.recorder.on_dropped(dropped)
        if certify:
            self.chain.certify(height, CERTIFICATE)
        self._settled.set()
        self._settled = asyncio.Event()
        return applied

    async def submit(self, raws: Sequence[bytes]) -> list[Submission]:
        self.submitted += len(raws)
        if self.failure is not None:
            raise self.failure
        if self.is_stopping:
            refused = Submission(Outcome.REJECTED, reason="node-stopping", unavailable=True)
            return [refused] * len(raws)
        return [self._submit(raw) for raw in raws]

    def _submit(self, raw: bytes) -> Submission:
        try:
            envelope = decode_transaction(raw)
        except TransactionError as error:
            return Submission(Outcome.REJECTED, reason=str(error.reason), detail=error.detail)
        view = self.transaction(envelope.id)
        if view is not None and view.status is not TransactionStatus.DROPPED:
            return Submission(Outcome.KNOWN, envelope.id, view.status, "tx-known")
        try:
            check_transaction(envelope, self.chain.chain_id, self.chain.genesis.limits)
            check_signature(envelope)
            self.mempool.add(envelope, self.chain.height)
            self.recorder.on_admitted([envelope])
        except TransactionError as error:
            retry = 1 if error.reason is Reason.MEMPOOL_FULL else None
            return Submission(
                Outcome.REJECTED,
                envelope.id,
                reason=str(error.reason),
                detail=error.detail,
                retry_after_s=retry,
            )
        return Submission(Outcome.ACCEPTED, envelope.id, TransactionStatus.PENDING)

    async def confirm_read(self, timeout_s: float) -> Freshness:
        self.confirmed.append(timeout_s)
        self.before_read()
        return self.freshness

    def transaction(self, transaction_id: bytes) -> TransactionView | None:
        if located := self.chain.transaction(transaction_id):
            failed = located.receipt.status == "failed"
            return TransactionView(
                transaction_id,
                TransactionStatus.FAILED if failed else TransactionStatus.FINAL,
                located.receipt.reason if failed else None,
                located.height,
                located.index,
                located.raw,
                located.receipt,
            )
        if envelope := self.mempool.get(transaction_id):
            return TransactionView(transaction_id, TransactionStatus.PENDING, raw=envelope.raw)
        status = self.mempool.status(transaction_id)
        if status is not None and status.reason is not None:
            reason = str(status.reason)
            return TransactionView(transaction_id, TransactionStatus.DROPPED, reason)
        return None

    async def wait_final(self, transaction_id: bytes, timeout_s: float) -> TransactionView | None:
        view = self.transaction(transaction_id)
        if view is not None and view.status is not TransactionStatus.PENDING:
            return view
        try:
            async with asyncio.timeout(timeout_s):
                self.someone_waits.set()
                await self._settled.wait()
        except TimeoutError:
            return view
        return self.transaction(transaction_id)

    def next_nonce(self, public_key: bytes) -> int:
        return self.mempool.next_nonce(public_key)

    def status(self) -> NodeStatus:
        return NodeStatus(
            name="node-0",
            version="0.1.0",
            role="validator",
            state=NodeState.READY,
            engine="pbft",
            network="test-network",
            chain_id=self.chain.chain_id,
            public_key=VALIDATOR.public_key,
            head_height=self.chain.height,
            head_id=self.chain.head_id,
            final_height=self.chain.height,
            certified_height=self.chain.certified_height,
            peers=1,
            pending=self.mempool.count,
            started_at_ms=1_700_000_000_000,
            uptime_ms=5,
        )

    def peers(self) -> list[PeerView]:
        return [
            PeerView(
                public_key=BOB.public_key,
                name="node-1",
                address="127.0.0.1:7000",
                role="validator",
                outbound=True,
                connected_ms=12,
                score=0.5,
                frames_in=1,
                frames_out=2,
                bytes_in=3,
                bytes_out=4,
                latency_ms=0.25,
            )
        ]

    def validators(self) -> list[ValidatorView]:
        return [ValidatorView(0, "validator-0", VALIDATOR.public_key, True, True, True)]

    def mempool_view(self) -> MempoolView:
        return MempoolView(
            count=self.mempool.count,
            count_max=100,
            size_bytes=self.mempool.size_bytes,
            size_bytes_max=1000,
            oldest_ms=None,
            rejected={"tx-stale-nonce": 2},
        )

    def engine_view(self) -> EngineView:
        return EngineView(
            engine="pbft",
            replica=0,
            phase="idle",
            view=0,
            leader="validator-0",
            height=self.chain.height + 1,
            waiting_for="work",
            needed=1,
            heard=("validator-0",),
            silent=(),
            in_phase_ms=7,
            quorum=1,
            findings=(
                Finding(code=Code.IDLE, severity=Severity.OK, text="at rest", since_ms=7),
                Finding(
                    code=Code.LIAR_SEEN,
                    severity=Severity.WARNING,
                    text="validator-3 signed votes that clash",
                    advice="vote it out",
                    members=("validator-3",),
                ),
            ),
            members=(Member(0, "validator-0", Presence.SELF, 7),),
            counters={"decided": self.chain.height},
        )

    def ready(self) -> tuple[bool, str]:
        return self.is_ready, "ready" if self.is_ready else "catching-up"
