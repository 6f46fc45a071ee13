"""The node: the one place that joins an engine to a ledger, and both to sockets, clocks and files.

Everything is made here, in order, and started and closed here; what the parts do stands in their
own files.
"""

import asyncio
import gc
import sys
import time
from contextlib import AsyncExitStack
from typing import Any

import structlog

from consensus import catalog
from consensus.engine import Engine
from consensus.message import compute_vote_context
from ledger.keys import KeyPair
from ledger.mempool import Dropped
from ledger.transaction import Envelope
from node.admission import Admission
from node.api.app import make_app
from node.api.backend import NodeState
from node.api.server import open_server
from node.bodies import BodyExchange
from node.body_log import BodyLog
from node.certificates import load_certificate
from node.chain_side import ChainSide
from node.chronicle import Chronicle, Facts
from node.coins.opening import open_coins
from node.config import Config
from node.diagnosis.observer import Observer
from node.drafting import Drafting
from node.driver import Driver
from node.errors import NodeError
from node.events.opening import open_events
from node.frames import FrameRouter
from node.gossip import Gossip
from node.host import EngineHost
from node.journal import Journal
from node.lifecycle import Lifecycle
from node.logs.masking import protect
from node.logs.scope import Scope, enter_scope, freeze_scope
from node.measures.catalogue import READINGS, describe_build
from node.measures.readings import Scrape
from node.measures.snapshot import Sources
from node.monitor import monitor
from node.opening import describe_start, open_core
from node.peer_metrics import CountedPeers
from node.peers.network import Peers
from node.peers.records import Network, PeerAddress
from node.roster import is_open
from node.service import Service
from node.side import Parts, Side
from node.stories import Turn
from node.tasks import end, spawn
from node.tree_side import CountedMiner, TreeSide, make_process_miner
from node.verifier import Verifier
from node.votes import Votes
from node.wire import Role, Status

_log = structlog.get_logger(__name__)

SWITCH_INTERVAL_S = 0.0005
"""How soon the verifying thread gets the interpreter back from a busy event loop."""


CONGESTED_BYTES = 128 * 1024
"""Gossip waiting for one peer: about 700 transactions, or a twentieth of a second of its work."""


BACKLOG_MAX = 1_500
"""Signatures waiting here: a tenth of a second's work; clients wait until it is less."""


class AddressInUseError(NodeError):
    """The API's address cannot be listened on."""

    reason = "api-address-unavailable"


GC_THRESHOLDS = (20_000, 20, 100)
"""Blocks and pools make many objects and few cycles: collect seldom."""


class Node:
    """One member of a network: `await start()`, `await failed()`, `await close()`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stack = AsyncExitStack()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: asyncio.Future[BaseException] | None = None
        self._is_closing = False
        self.p2p_port = 0
        self.api_port = 0

    async def start(self) -> None:
        """Open the home, start the engine, connect, and serve.

        Raises what makes that impossible (`NodeError`, `LedgerError`, `ConsensusError`), after
        closing whatever was opened.
        """
        self._loop = asyncio.get_running_loop()
        self._failure = self._loop.create_future()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        gc.set_threshold(*GC_THRESHOLDS)
        try:
            self._open()
            self._make_ledger_side()
            self._make_engine_side()
            await self._run()
        except BaseException:
            await self.close()
            raise

    async def failed(self) -> BaseException:
        """Wait for an error that must end the process; for ever, if all is well."""
        assert self._failure is not None
        return await asyncio.shield(self._failure)

    async def close(self) -> None:
        """Stop serving, then the engine, then the disk; what was acknowledged is on it."""
        self._is_closing = True
        await self._stack.aclose()

    def _fail(self, error: BaseException) -> None:
        """End the node by an error; from any thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._note_failure, error)

    def _note_failure(self, error: BaseException) -> None:
        if self._failure is None or self._failure.done() or self._is_closing:
            return
        _log.error("the node cannot go on", detail=str(error), exc_info=error)
        self._failure.set_result(error)

    # Making, in order

    def _open(self) -> None:
        """The files of the home."""
        self.core = open_core(self._config, self._stack, self._fail)
        self._stack.callback(freeze_scope, self._name_speaker())
        self.journal = Journal.open(self._config.journal_path)
        self._stack.callback(self.journal.close)
        self.events = open_events(self.core, self._stack, self._fail)

    def _make_ledger_side(self) -> None:
        """The door for transactions, and what is known of those that came through it."""
        self.verifier = Verifier(self.core.stages, self.core.metrics, self._fail)
        self._stack.callback(self.verifier.close)
        self.lifecycle = Lifecycle(self.core.metrics)
        self.body_log = BodyLog(
            self.core.store, self.core.stages, self.core.metrics, self._is_needed, self._fail
        )
        self._stack.callback(self.body_log.close)
        self.admission = Admission(
            self.core,
            self.verifier,
            self.body_log,
            on_admitted=self._on_admitted,
            on_displaced=self._on_displaced,
            is_congested=self._is_congested,
        )

    def _make_engine_side(self) -> None:
        """The engine, its driver, the peers, and what lies between."""
        core, spec = self.core, self.core.spec
        parameters = catalog.parse_parameters(spec, core.chain.genesis.engine_parameters)
        engine = spec.create(core.seats.voice, core.committee, parameters)
        context = compute_vote_context(core.chain.chain_id, spec.name)
        votes = Votes(context, core.seats.keys, KeyPair(core.identity.seed), core.stages)
        self.host = EngineHost(core, votes, self._fail)
        self.host.on_alarm = self.events.recorder.on_alarm
        self.coins = open_coins(core, parameters, post=self.host.post, on_failure=self._fail)
        if self.coins is not None:
            self._stack.push_async_callback(self.coins.close)
        self.driver = Driver(
            engine,
            spec,
            self.journal,
            sync=self._sync_all,
            host=self.host,
            stages=core.stages,
            on_failure=self._fail,
            read_clock_ms=self._read_clock_ms,
            silence_ms=spec.compute_silence_ms(parameters),
        )
        self.peers = self._make_peers()
        if self.coins is not None:
            self.coins.connect(self.peers)
            self.host.on_toss = self.coins.toss
        self.gossip = Gossip(
            core, self.peers, self.admission, self._fail, on_pushed=self._on_pushed
        )
        self.side = self._make_side(engine, votes)
        self.bodies = BodyExchange(
            core.chain, self.admission, self.peers, self.side.orders.find_body
        )
        self.service = Service(
            core,
            engine,
            self.admission,
            self.lifecycle,
            self.side.forks,
            reads=self.side.reads,
            events=self.events.hub,
        )
        self.router = FrameRouter(
            core, self.host, self.gossip, self.bodies, self.peers, coins=self.coins
        )
        observer = Observer(
            core,
            engine,
            self.host,
            self.peers,
            self.side.catch_up,
            patience_ms=spec.patience_ms(parameters),
            tree=self.side.describe_mining,
            coin=lambda: None if self.coins is None else self.coins.describe_wait(),
        )
        self.service.connect(self.host, self.peers, observer)
        self.chronicle = Chronicle(lambda: self.service.engine_view().findings[0].text)
        self._make_scrape(engine, parameters)

    def _make_scrape(self, engine: Engine, parameters: Any) -> None:
        """What is read of all these when Prometheus asks."""
        sources = Sources(
            core=self.core,
            engine=engine,
            parameters=parameters,
            driver=self.driver,
            peers=self.peers,
            gossip=self.gossip,
            verifier=self.verifier,
            admission=self.admission,
            lifecycle=self.lifecycle,
            bodies=self.bodies,
            side=self.side,
            coins=self.coins,
            service=self.service,
        )
        Scrape(READINGS, sources, self.core.metrics.registry)

    def _make_side(self, engine: Engine, votes: Votes) -> Side:
        """What serves the engine's contract."""
        parts = Parts(
            core=self.core,
            engine=engine,
            votes=votes,
            lifecycle=self.lifecycle,
            body_log=self.body_log,
            admission=self.admission,
            host=self.host,
            driver=self.driver,
            peers=self.peers,
            gossip=self.gossip,
            events=self.events.recorder,
            fetch=self._fetch,
            spread_s=self._spread_s,
            on_failure=self._fail,
        )
        rules = self.core.spec.tree
        if rules is None:
            return ChainSide(parts)
        return TreeSide(parts, rules, self._make_miner)

    def _make_miner(self, drafting: Drafting) -> CountedMiner:
        """Whoever looks for proofs, for engines that mine."""
        return make_process_miner(self.core, drafting, self._fail)

    def _make_peers(self) -> Peers:
        config, genesis = self._config, self.core.chain.genesis
        members = self.core.seats.known
        if is_open(self.core.spec):
            network = Network.open(genesis.chain_id, members)
        else:
            authority = load_certificate(config.ca_path)
            certificate = load_certificate(config.certificate_path)
            network = Network(genesis.chain_id, authority, certificate, members)
        return Peers(
            self.core.identity,
            network,
            listen=(config.p2p.host, config.p2p.port),
            seeds=[PeerAddress.parse(s.address, s.public_key) for s in config.p2p.seeds],
            name=config.name,
            on_frame=self._on_frame,
            on_request=self._on_request,
            on_change=self._on_peer_change,
            local_status=self._local_status,
            own_role=self._own_role,
            metrics=CountedPeers(self.core.metrics),
        )

    # Running, in order; closed in the opposite one

    async def _run(self) -> None:
        config = self._config
        self._reload_mempool()
        self.events.recorder.start()
        self._stack.callback(self.events.recorder.stop)
        self.events.hub.start()
        self._stack.push_async_callback(self.events.hub.close)
        self.side.start(self._stack)
        self.driver.start(describe_start(self.core, self.journal))
        self._stack.push_async_callback(self.driver.close)
        await self.peers.start()
        self.p2p_port = self.peers.port
        self._stack.push_async_callback(self.peers.close)
        self.gossip.start()
        self._stack.push_async_callback(self.gossip.close)
        self.side.join(self._stack)
        watching = spawn(monitor(self.core.metrics, self._refresh), "monitor", self._fail)
        self._stack.push_async_callback(end, watching)
        try:
            server = await open_server(
                make_app(self.service), config.api.host, config.api.port, self.core.metrics
            )
        except OSError as error:
            raise AddressInUseError(
                f"cannot listen on {config.api.host}:{config.api.port}: {error.strerror}",
                advice="stop what listens there, or set another api.port",
            ) from error
        self._stack.push_async_callback(server.close)
        self._stack.push_async_callback(self.events.hub.close)
        self._stack.callback(self._stop_serving)
        self.api_port = server.port
        self.core.metrics.build.info(describe_build(self.core))
        _log.info("started", p2p=self.p2p_port, api=self.api_port, head=self.core.chain.height)

    def _reload_mempool(self) -> None:
        """What was acknowledged before the restart is pending again; what no longer fits goes."""
        kept, dropped = self.admission.reload()
        if kept or dropped:
            _log.info("mempool log reloaded", kept=kept, dropped=dropped)

    # What the parts tell each other

    def _on_admitted(self, envelopes: list[Envelope], source: bytes | None) -> None:
        self.lifecycle.on_admitted(envelopes, source)
        self.gossip.on_admitted(envelopes, source)
        self.events.recorder.on_admitted(envelopes)
        self.side.orders.on_admitted(envelopes)

    def _on_pushed(self, ids: list[bytes]) -> None:
        self.lifecycle.stories.tell(ids, Turn.GOSSIPED)

    def _on_displaced(self, dropped: list[Dropped]) -> None:
        self.lifecycle.on_dropped(dropped)
        self.events.recorder.on_dropped(dropped)

    async def _fetch(self, ids: list[bytes], first: bytes | None) -> list[Envelope]:
        return await self.bodies.fetch(ids, first)

    def _is_needed(self, id_: bytes) -> bool:
        return id_ in self.core.mempool or self.side.orders.holds(id_)

    def _spread_s(self) -> float:
        """How long others may take to verify a body that is verified here: as long as we would."""
        return self.verifier.compute_seconds(self.verifier.backlog + self.gossip.waiting)

    def _read_clock_ms(self) -> int:
        """The wall clock, counted from the genesis."""
        return time.time_ns() // 1_000_000 - self.core.chain.genesis.timestamp_ms

    def _is_congested(self) -> bool:
        """Is there more to verify than soon can be, here or at those who make a quorum with us."""
        if self.verifier.backlog + self.gossip.waiting > BACKLOG_MAX:
            return True
        queued = self.peers.queued_bytes(self.core.validators.values())
        needed = self.core.spec.count_quorum(self.core.committee) - 1
        return len(queued) >= needed > 0 and sorted(queued)[needed - 1] > CONGESTED_BYTES

    async def _on_frame(self, peer: bytes, frame: Any) -> None:
        await self.router.on_frame(peer, frame)

    async def _on_request(self, peer: bytes, frame: Any) -> Any:
        return await self.router.on_request(peer, frame)

    def _on_peer_change(self, peer: bytes, is_up: bool) -> None:
        self.host.on_peer_change(peer, is_up=is_up)
        info = next((one for one in self.peers.connected() if one.peer_id == peer), None)
        name, role = ("", "") if info is None else (info.name, info.role)
        self.events.recorder.on_peer(peer, name, role, is_up=is_up)
        if is_up:
            self.gossip.on_peer_up(peer)

    def _local_status(self) -> Status:
        is_member = self.core.me in self.core.validators
        role = Role.VALIDATOR if is_member else Role.FOLLOWER
        return Status(self.core.chain.height, self.core.chain.certified_height, role)

    def _own_role(self) -> Role:
        """How this node introduces itself: as what every node can check, also one far behind."""
        is_first = self.core.identity.public_key in self.core.chain.genesis.validators
        return self._local_status().role if is_first else Role.FOLLOWER

    def _stop_serving(self) -> None:
        self.service.state = NodeState.STOPPING
        self.lifecycle.close()
        self.side.stop_serving()

    def _refresh(self) -> None:
        self.service.refresh()
        self.events.recorder.on_view(*self.service.tell_view())
        if self.service.state is NodeState.STOPPING:
            return
        if self.side.catch_up.is_catching_up:
            self.service.state = NodeState.CATCHING_UP
        elif self.side.catch_up.target() <= self.core.chain.height + 2:
            self.service.state = NodeState.READY
        self.chronicle.look(self._gather_facts())

    def _gather_facts(self) -> Facts:
        engine = self.service.engine_view()
        return Facts(
            state=self.service.state,
            height=self.core.chain.final_height,
            target=self.side.catch_up.target(),
            view=engine.view,
            leader=engine.leader,
            pending=self.core.mempool.count,
            peers=len(self.peers.connected()),
            transactions=self.lifecycle.final_count,
        )

    def _name_speaker(self) -> Scope:
        """Every line of the log names the node and its final height; none shows its key."""
        chain = self.core.chain
        protect(self.core.identity.seed)
        name = self._config.name
        return enter_scope(Scope(chain.genesis.name, name, lambda: chain.final_height))

    def _sync_all(self, taken: tuple[bool, list[bytes]]) -> None:
        """In a thread: bodies and coins first, then the journal, whose records depend on them."""
        is_rewritten, _ = taken
        with self.core.metrics.journal_sync.time():
            self.body_log.write()
            if self.coins is not None:
                self.coins.write()
            if is_rewritten:
                self.core.store.sync()
            self.journal.write(taken)
