"""The node: the one place that joins an engine to a ledger, and both to sockets, clocks and files.

Everything is made here, in order, and started and closed here; what the parts do stands in their
own files.
"""

import asyncio
import gc
import secrets
import sys
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import structlog

from consensus import catalog
from consensus.catalog import Contract, EngineSpec, TreeRules
from consensus.committee import Committee
from consensus.engine import Engine
from consensus.errors import DecodeError
from consensus.events import Started
from consensus.message import Height, compute_vote_context
from ledger.apply import AppliedBlock
from ledger.chain import Chain
from ledger.genesis import Genesis
from ledger.keys import KeyPair
from ledger.ledger import Ledger
from ledger.mempool import Dropped, Mempool, MempoolLimits
from ledger.store.leveldb import LevelStore
from ledger.store.store import Store
from ledger.transaction import Envelope
from ledger.tree_chain import TreeChain
from node.admission import Admission
from node.api.app import make_app
from node.api.backend import NodeState
from node.api.server import open_server
from node.bodies import BodyExchange
from node.body_log import BodyLog
from node.branching import Branching
from node.certificates import load_certificate
from node.config import Config, ConfigError
from node.core import Core
from node.drafting import Drafting, Miner
from node.driver import Driver
from node.errors import NodeError
from node.fork_metrics import ForkMetrics
from node.fork_watch import ForkWatch
from node.frames import FrameRouter
from node.gossip import Gossip
from node.host import EngineHost
from node.identity import Identity, load_identity
from node.journal import Journal, JournalError
from node.lifecycle import Lifecycle
from node.metrics import Metrics
from node.mining.metrics import MiningCollector
from node.mining.miner import Miner as ProcessMiner
from node.monitor import monitor
from node.ordering import Ordering
from node.peer_metrics import CountedPeers
from node.peers.network import Peers
from node.peers.records import Network, PeerAddress
from node.reading import Reads
from node.recent_bodies import RecentBodies
from node.roster import compute_stranger, is_open
from node.seats import Seats, make_change_rule
from node.service import Service
from node.serving import get_served
from node.stages import Stages
from node.stories import Stories
from node.storing import BlockStorer
from node.sync import Sync
from node.tasks import end, spawn
from node.tree_blocks import describe_tree, make_identify
from node.tree_catch_up import TreeCatchUp
from node.tree_story import TreeStory
from node.verifier import Verifier
from node.votes import Votes
from node.watched_store import WatchedStore
from node.wire import Role, Status

_log = structlog.get_logger(__name__)

SWITCH_INTERVAL_S = 0.0005
"""How soon the verifying thread gets the interpreter back from a busy event loop."""


CONGESTED_BYTES = 128 * 1024
"""Gossip waiting for one peer: about 700 transactions, or a twentieth of a second of its work."""


BACKLOG_MAX = 1_500
"""Signatures waiting here: a tenth of a second's work; clients wait until it is less."""


class Orders(Protocol):
    """What orders transactions here, as far as the rest of the node looks."""

    def start(self) -> None:
        """Begin."""

    async def close(self) -> None:
        """Stop."""

    def on_admitted(self, envelopes: list[Envelope]) -> None:
        """New bodies are in the mempool."""

    def find_body(self, id_: bytes) -> Envelope | None:
        """A body that is here though perhaps not in the mempool."""

    def holds(self, id_: bytes) -> bool:
        """Is a logged body needed that the mempool does not have."""


class CatchUp(Protocol):
    """How far behind this node is."""

    @property
    def is_catching_up(self) -> bool:
        """Is it far behind."""

    def target(self) -> Height:
        """Where the others stand."""


class AddressInUseError(NodeError):
    """The API's address cannot be listened on."""

    reason = "api-address-unavailable"


TICKET_BITS = 62
"""Reads are numbered from a random number on, so that no two runs of a node share one."""

OVERDUE_HEIGHTS = 40
"""Passed over so often is censorship: under load some seconds, longer than any gossip takes."""

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
        self._forks: ForkWatch | None = None
        self._reads: Reads | None = None
        self.orders: Orders
        self.catch_up: CatchUp
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
        """Files: genesis, key, database, journal."""
        config = self._config
        genesis = _load_genesis(config.genesis_path)
        identity = load_identity(config.key_path)
        spec = get_served(genesis.engine)
        committee = Committee.of(len(genesis.validators), genesis.faults)
        catalog.check_configuration(spec, committee, allow_beyond_bound=config.allow_beyond_bound)
        store = WatchedStore(LevelStore(config.database_path), self._fail)
        self._stack.callback(store.close)
        metrics = Metrics()
        stages = Stages(metrics.registry)
        chain = _open_ledger(spec, store, genesis, stages)
        seats = _find_seat(config, spec, chain, identity)
        self.journal = Journal.open(config.journal_path)
        self._stack.callback(self.journal.close)
        self.core = Core(
            config=config,
            identity=identity,
            spec=spec,
            seats=seats,
            store=store,
            chain=chain,
            mempool=Mempool(_mempool_limits(config), chain.account, chain.height),
            metrics=metrics,
            stages=stages,
        )

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
            on_displaced=self.lifecycle.on_displaced,
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
        self.driver = Driver(
            engine,
            spec,
            self.journal,
            sync=self._sync_all,
            host=self.host,
            stages=core.stages,
            on_failure=self._fail,
            silence_ms=spec.compute_silence_ms(parameters),
        )
        self.peers = self._make_peers()
        self.gossip = Gossip(core, self.peers, self.admission, self._fail)
        if spec.tree is not None:
            self._make_tree_side(engine, spec.tree)
        else:
            self._make_decision_side(votes)
        self.bodies = BodyExchange(core.chain, self.admission, self.peers, self.orders.find_body)
        self.service = Service(
            core, engine, self.admission, self.lifecycle, self._forks, reads=self._reads
        )
        self.router = FrameRouter(core, self.host, self.gossip, self.bodies, self.peers)
        self.service.connect(self.host, self.peers)

    def _make_decision_side(self, votes: Votes) -> None:
        """For engines whose decisions are final at once."""
        core = self.core
        self.ordering = Ordering(
            core,
            self.body_log,
            fetch=self._fetch,
            spread_s=self._spread_s,
            post=self.driver.post,
            on_applied=self._on_applied,
            on_failure=self._fail,
        )
        self.sync = Sync(
            core, votes, self.admission, self.ordering, self.peers, on_failure=self._fail
        )
        self.orders, self.catch_up = self.ordering, self.sync
        if core.spec.reads:
            first = secrets.randbits(TICKET_BITS)
            self._reads = Reads(self.driver.post, lambda: core.chain.height, first)
        self.host.is_behind = self._is_behind
        self.host.connect(self.driver, self.ordering, self.peers, self.sync, reads=self._reads)

    def _make_tree_side(self, engine: Engine, rules: TreeRules) -> None:
        """For engines that order a tree of blocks."""
        core, post = self.core, self.driver.post
        recent = RecentBodies()
        storer = BlockStorer(core, recent, fetch=self._fetch, post=post, on_failure=self._fail)
        drafting = Drafting(core, recent, post)
        self.miner = self._make_miner(drafting)
        drafting.connect(self.miner)
        stories, metrics = Stories(), ForkMetrics(core.metrics.registry)
        self._forks = ForkWatch(
            rules,
            engine,
            core.tree,
            stories=stories,
            metrics=metrics,
            is_started=lambda: self.driver.has_started,
        )
        branching = Branching(
            core,
            self.body_log,
            recent=recent,
            storer=storer,
            drafting=drafting,
            story=TreeStory(self.lifecycle, stories, metrics),
            say=self.host.share,
            on_returned=self.gossip.on_returned,
            post=post,
            on_failure=self._fail,
        )
        self.orders = branching
        self.catch_up = TreeCatchUp(core.chain, self.peers)
        self.host.connect(self.driver, None, self.peers, None, branching)

    def _make_miner(self, drafting: Drafting) -> Miner:
        """Whoever looks for proofs of what is drafted; without workers, nobody."""
        section = self._config.mining
        miner = ProcessMiner(
            self.core.spec.name,
            workers=section.workers,
            nice=section.nice,
            on_found=drafting.on_found,
            on_exhausted=drafting.on_exhausted,
            on_failure=self._fail,
        )
        MiningCollector(miner.account, self.core.metrics.registry)
        return miner

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
        if self.core.spec.contract is Contract.TREE:
            self.miner.start()
            self._stack.push_async_callback(self.miner.close)
        self.orders.start()
        self._stack.push_async_callback(self.orders.close)
        self.driver.start(self._started())
        self._stack.push_async_callback(self.driver.close)
        await self.peers.start()
        self.p2p_port = self.peers.port
        self._stack.push_async_callback(self.peers.close)
        self.gossip.start()
        self._stack.push_async_callback(self.gossip.close)
        if self.core.spec.contract is Contract.CHAIN:
            self.sync.start()
            self._stack.push_async_callback(self.sync.close)
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
        self._stack.callback(self._stop_serving)
        self.api_port = server.port
        self.core.metrics.build.info({"version": version("quorate"), "engine": self.core.spec.name})
        _log.info("started", p2p=self.p2p_port, api=self.api_port, height=self.core.chain.height)

    def _started(self) -> Started:
        try:
            records = tuple(self.core.spec.records.decode(data) for data in self.journal.records)
        except DecodeError as error:
            raise JournalError(
                f"{self._config.journal_path} holds what no {self.core.spec.name} engine wrote:"
                f" {error}",
                advice="restore it, or delete it: then the node votes only once that is safe, if ever",
            ) from error
        if self.journal.torn_bytes:
            _log.warning("cut off a torn journal tail", bytes=self.journal.torn_bytes)
        tree = describe_tree(self.core.tree) if self.core.spec.tree else None
        if self.journal.is_lost and self.core.me is not None and tree is None:
            _log.warning("the journal is gone: observing, for good unless voting becomes safe")
        return Started(
            records,
            self.core.chain.height,
            self.core.chain.head_id,
            self.core.committee,
            self.journal.is_fresh,
            tree,
            self.core.seats.until,
            self.core.seats.former,
        )

    def _reload_mempool(self) -> None:
        """What was acknowledged before the restart is pending again; what no longer fits goes."""
        kept, dropped = self.admission.reload()
        if kept or dropped:
            _log.info("mempool log reloaded", kept=kept, dropped=dropped)

    # What the parts tell each other

    def _on_admitted(self, envelopes: list[Envelope], source: bytes | None) -> None:
        self.lifecycle.on_admitted(envelopes, source)
        self.gossip.on_admitted(envelopes, source)
        self.orders.on_admitted(envelopes)

    def _on_applied(self, applied: AppliedBlock, dropped: list[Dropped]) -> None:
        self.body_log.forget(drop.id for drop in dropped)
        self.body_log.on_applied(applied.header.height)
        self.lifecycle.on_applied(applied, dropped)
        if self._reads is not None:
            self._reads.on_applied()

    async def _fetch(self, ids: list[bytes], first: bytes | None) -> list[Envelope]:
        return await self.bodies.fetch(ids, first)

    def _is_needed(self, id_: bytes) -> bool:
        return id_ in self.core.mempool or self.orders.holds(id_)

    def _spread_s(self) -> float:
        """How long others may take to verify a body that is verified here: as long as we would."""
        return self.verifier.compute_seconds(self.verifier.backlog + self.gossip.waiting)

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

    def _is_behind(self) -> bool:
        return self.catch_up.target() > self.core.chain.height

    def _stop_serving(self) -> None:
        self.service.state = NodeState.STOPPING
        self.lifecycle.close()
        if self._reads is not None:
            self._reads.close()

    def _refresh(self) -> None:
        self.service.refresh()
        if self.service.state is NodeState.STOPPING:
            return
        if self.catch_up.is_catching_up:
            self.service.state = NodeState.CATCHING_UP
        elif self.catch_up.target() <= self.core.chain.height + 2:
            self.service.state = NodeState.READY

    def _sync_all(self, taken: tuple[bool, list[bytes]]) -> None:
        """In a thread: bodies first, then the journal, whose votes depend on them."""
        is_rewritten, _ = taken
        with self.core.metrics.journal_sync.time():
            self.body_log.write()
            if is_rewritten:
                self.core.store.sync()
            self.journal.write(taken)


def _open_ledger(spec: EngineSpec, store: Store, genesis: Genesis, stages: Stages) -> Ledger:
    """The ledger that the engine's contract asks for."""
    if spec.tree is None:
        parameters = catalog.parse_parameters(spec, genesis.engine_parameters)
        rule = make_change_rule(spec, parameters)
        return Chain.open(store, genesis, stages.measure, rule)
    return TreeChain.open(store, genesis, make_identify(spec.tree), stages.measure)


def _load_genesis(path: Path) -> Genesis:
    try:
        return Genesis.from_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}",
            reason="genesis-missing",
            advice="copy the network's genesis.json into the home folder",
        ) from error


def _find_seat(config: Config, spec: EngineSpec, chain: Ledger, identity: Identity) -> Seats:
    """The node's place in the committee, now or later, or a stranger's number.

    A follower takes its place as soon as the validators have voted for its key; but one that was told
    to follow with the key of a first validator never votes.
    """
    key, genesis = identity.public_key, chain.genesis
    if config.role == "follower":
        return Seats(chain, key, is_silent=key in genesis.validators)
    if is_open(spec) and key not in genesis.validators:
        return Seats(chain, key, stranger=compute_stranger(key))
    if key not in chain.membership().keys:
        raise ConfigError(
            f"{config.key_path} is not the key of a validator of {genesis.name}",
            reason="not-a-validator",
            advice='set role = "follower" in config.toml, or restore the validator\'s key',
        )
    return Seats(chain, key)


def _mempool_limits(config: Config) -> MempoolLimits:
    section = config.mempool
    return MempoolLimits(
        count_max=section.count_max,
        bytes_max=section.size_bytes_max,
        account_max=section.per_account_max,
        nonce_window=section.per_account_max,
        overdue_heights=OVERDUE_HEIGHTS,
    )
