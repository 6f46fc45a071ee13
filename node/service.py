"""What the HTTP API sees of a node: facts, gathered from the parts that know them."""

import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from consensus.committee import ReplicaId
from consensus.engine import Account
from ledger.blocks import Located
from ledger.errors import TransactionError
from ledger.ledger import Ledger
from ledger.reasons import Reason
from node.admission import Admission, Entry, count_rejections
from node.api.backend import (
    SETTLED,
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
from node.core import Core
from node.diagnosis.diagnose import diagnose
from node.diagnosis.facts import Facts
from node.diagnosis.observer import Observer, name_replica
from node.event_loop import name_running_loop
from node.events.hub import EventHub
from node.fork_watch import ForkWatch
from node.gate import BusyError
from node.host import EngineHost
from node.lifecycle import Lifecycle
from node.metrics import Metrics
from node.peers.network import Peers
from node.reading import Reads
from node.verifier import VerifierClosedError

VERSION = version("quorate")
"""Looked up once: it takes a millisecond, and monitors ask for it many times a second."""
RETRY_AFTER_S = 1
_STOPPING = Submission(
    Outcome.REJECTED, reason="node-stopping", detail="ask another node", unavailable=True
)
_ROOM_RETURNS = frozenset({Reason.MEMPOOL_FULL, Reason.MEMPOOL_ACCOUNT_FULL})


class Service:
    """Implements `node.api.backend.Backend`."""

    def __init__(
        self,
        core: Core,
        engine: Any,
        admission: Admission,
        lifecycle: Lifecycle,
        forks: ForkWatch | None = None,
        *,
        reads: Reads | None = None,
        events: EventHub | None = None,
    ) -> None:
        self._config = core.config
        self._chain = core.chain
        self._mempool = core.mempool
        self._metrics = core.metrics
        self._spec = core.spec
        self._seats = core.seats
        self._public_key = core.identity.public_key
        self._engine = engine
        self._admission = admission
        self._lifecycle = lifecycle
        self._forks = forks
        self._reads = reads
        self._events = events
        self._started_at_ms = time.time_ns() // 1_000_000
        self._rejected: dict[str, int] = {}
        self.state = NodeState.STARTING

    def connect(self, host: EngineHost, peers: Peers, observer: Observer) -> None:
        """Name those who are made after this."""
        self._host, self._peers, self._observer = host, peers, observer
        observer.oldest_ms = self.oldest_pending_ms

    @property
    def chain(self) -> Ledger:
        """The ledger; only read."""
        return self._chain

    @property
    def metrics(self) -> Metrics:
        """Everything measured here."""
        return self._metrics

    @property
    def events(self) -> EventHub:
        """Who passes on what happens here."""
        assert self._events is not None
        return self._events

    async def confirm_read(self, timeout_s: float) -> Freshness:
        """Wait until the ledger holds all that was decided anywhere before."""
        if not self._spec.reads:
            return Freshness.UNSUPPORTED
        answer = await self._confirm_read(timeout_s)
        self._metrics.reads.labels(answer.value).inc()
        return answer

    async def _confirm_read(self, timeout_s: float) -> Freshness:
        seats = self._seats
        is_voter = seats.me is not None and seats.committee.is_member(seats.me)
        if self._reads is None or not is_voter:
            return Freshness.NOT_A_VOTER
        started = time.monotonic()
        answer = await self._reads.confirm(timeout_s)
        if answer is Freshness.CONFIRMED:
            self._metrics.read_seconds.observe(time.monotonic() - started)
        return answer

    # Transactions

    async def submit(self, raws: Sequence[bytes]) -> list[Submission]:
        """Take canonical transactions; what is accepted is durable when this returns."""
        if self.state is NodeState.STOPPING:
            return [_STOPPING] * len(raws)
        try:
            entries = await self._admission.submit(raws)
        except VerifierClosedError:
            return [_STOPPING] * len(raws)
        except BusyError as error:
            busy = Submission(
                Outcome.REJECTED,
                reason=error.reason,
                detail=error.detail,
                retry_after_s=RETRY_AFTER_S,
            )
            return [busy] * len(raws)
        count_rejections(self._metrics, "client", entries)
        answers = [self._answer(entry) for entry in entries]
        for outcome in Outcome:
            count = sum(answer.outcome is outcome for answer in answers)
            if count:
                self._metrics.submissions.labels(outcome.value).inc(count)
        return answers

    def _answer(self, entry: Entry) -> Submission:
        envelope = entry.envelope
        if entry.error is not None:
            return self._refuse(entry.error, envelope.id if envelope else None)
        assert envelope is not None
        if entry.is_known:
            view = self.transaction(envelope.id)
            status = view.status if view else TransactionStatus.PENDING
            return Submission(Outcome.KNOWN, envelope.id, status, "tx-known")
        return Submission(Outcome.ACCEPTED, envelope.id, TransactionStatus.PENDING)

    def _refuse(self, error: TransactionError, id_: bytes | None) -> Submission:
        reason = error.reason
        text = str(reason.value)
        self._rejected[text] = self._rejected.get(text, 0) + 1
        retry = RETRY_AFTER_S if reason in _ROOM_RETURNS else None
        return Submission(
            Outcome.REJECTED, id_, None, text, error.detail or text, retry_after_s=retry
        )

    def transaction(self, transaction_id: bytes) -> TransactionView | None:
        """In a block, pending, dropped, or None; with its story where the head may move."""
        if (view := self._find(transaction_id)) is None or self._forks is None:
            return view
        story = self._forks.get_story(transaction_id)
        if view.height is None:
            return msgspec.structs.replace(view, story=story)
        confirmations = self._chain.height - view.height + 1
        is_open = view.height > self._chain.final_height
        risks = self._forks.compute_risks(confirmations) if is_open else ()
        return msgspec.structs.replace(view, confirmations=confirmations, risks=risks, story=story)

    def _find(self, transaction_id: bytes) -> TransactionView | None:
        if located := self._chain.transaction(transaction_id):
            return self._show_located(transaction_id, located)
        if envelope := self._mempool.get(transaction_id):
            return TransactionView(transaction_id, TransactionStatus.PENDING, raw=envelope.raw)
        if (pooled := self._mempool.status(transaction_id)) and pooled.reason:
            reason = pooled.reason.value
            return TransactionView(transaction_id, TransactionStatus.DROPPED, reason)
        return None

    def _show_located(self, transaction_id: bytes, located: Located) -> TransactionView:
        """One in a block; it has failed or is final only when its block is."""
        failed = located.receipt.status == "failed"
        settled = TransactionStatus.FAILED if failed else TransactionStatus.FINAL
        is_final = located.height <= self._chain.final_height
        return TransactionView(
            transaction_id,
            settled if is_final else TransactionStatus.INCLUDED,
            located.receipt.reason if failed else None,
            located.height,
            located.index,
            located.raw,
            located.receipt,
        )

    async def wait_final(self, transaction_id: bytes, timeout_s: float) -> TransactionView | None:
        """Wait for a settled status."""
        view = self.transaction(transaction_id)
        if view is None or view.status not in SETTLED:
            await self._lifecycle.wait(transaction_id, timeout_s)
            view = self.transaction(transaction_id)
        return view

    def next_nonce(self, public_key: bytes) -> int:
        """After all that is applied and pending without a gap."""
        return self._mempool.next_nonce(public_key)

    # The node

    def status(self) -> NodeStatus:
        """Who this is and where it stands."""
        chain, now_ms = self._chain, time.time_ns() // 1_000_000
        return NodeStatus(
            name=self._config.name,
            version=VERSION,
            role="follower" if self._seats.me is None else "validator",
            state=self.state,
            engine=self._spec.name,
            network=chain.genesis.name,
            chain_id=chain.chain_id,
            public_key=self._public_key,
            head_height=chain.height,
            head_id=chain.head_id,
            final_height=chain.final_height,
            certified_height=chain.certified_height,
            peers=len(self._peers.connected()),
            pending=self._mempool.count,
            started_at_ms=self._started_at_ms,
            uptime_ms=now_ms - self._started_at_ms,
            event_loop=name_running_loop(),
            alarms=tuple(self._host.alarms),
        )

    def peers(self) -> list[PeerView]:
        """Connected peers."""
        now = time.monotonic()
        return [
            PeerView(
                public_key=peer.peer_id,
                name=peer.name,
                address=peer.address,
                role=peer.role,
                outbound=peer.outbound,
                connected_ms=int((now - peer.since) * 1000),
                score=peer.score,
                frames_in=peer.frames_in,
                frames_out=peer.frames_out,
                bytes_in=peer.bytes_in,
                bytes_out=peer.bytes_out,
                height=peer.status.height if peer.status else None,
                certified_height=peer.status.certified_height if peer.status else None,
                latency_ms=peer.latency_ms,
            )
            for peer in self._peers.connected()
        ]

    def validators(self) -> list[ValidatorView]:
        """The committee, in the order in which they lead."""
        connected = {peer.peer_id for peer in self._peers.connected()}
        leader = self._account().leader
        me = self._seats.me
        return [
            ValidatorView(
                replica=replica,
                name=name_replica(replica),
                public_key=key,
                is_self=replica == me,
                is_leader=replica == leader,
                is_connected=replica == me or key in connected,
            )
            for replica, key in self._seats.members.items()
        ]

    def mempool_view(self) -> MempoolView:
        """How full it is."""
        section = self._config.mempool
        return MempoolView(
            count=self._mempool.count,
            count_max=section.count_max,
            size_bytes=self._mempool.size_bytes,
            size_bytes_max=section.size_bytes_max,
            oldest_ms=self.oldest_pending_ms(),
            rejected=dict(self._rejected),
        )

    def oldest_pending_ms(self) -> int | None:
        """How long the oldest pending transaction has waited here; None when there is none."""
        oldest = self._mempool.oldest
        return None if oldest is None else self._lifecycle.age_ms(oldest.id)

    def look(self) -> Facts:
        """Everything that a diagnosis is made from, dated."""
        return self._observer.look(self.state)

    def engine_view(self) -> EngineView:
        """The engine's account, dated, with names, and why it moves or does not."""
        facts = self.look()
        account = facts.account
        unheard = set(self._seats.committee.members) - set(account.heard) - {self._seats.me}
        silent = sorted(unheard) if account.heard or account.needed > 1 else []
        return EngineView(
            engine=self._spec.name,
            replica=self._seats.me,
            phase=account.phase,
            view=account.view,
            leader=None if account.leader is None else name_replica(account.leader),
            height=account.height,
            waiting_for=account.waiting_for,
            needed=account.needed,
            heard=tuple(name_replica(replica) for replica in account.heard),
            silent=tuple(name_replica(replica) for replica in silent),
            in_phase_ms=facts.phase_ms,
            quorum=facts.quorum,
            findings=diagnose(facts),
            members=facts.members,
            counters=account.counters,
            forks=None if self._forks is None else self._forks.view(),
        )

    def _account(self) -> Account:
        return self._spec.account(self._engine)

    def tell_view(self) -> tuple[int, ReplicaId | None]:
        """The engine's view, and who leads it."""
        account = self._account()
        return account.view, account.leader

    def refresh(self) -> None:
        """Date what the engine does; called several times a second."""
        self.look()

    def ready(self) -> tuple[bool, str]:
        """May clients be sent here."""
        return self.state is NodeState.READY, self.state.value
