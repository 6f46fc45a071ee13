"""The node: the one place that joins an engine to a ledger, and both to sockets, clocks and files.

Everything is made here, in order, and started and closed here; what the parts do stands in their
own files.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog

from consensus import catalog
from consensus.committee import Committee, ReplicaId
from consensus.events import Started
from consensus.message import compute_vote_context
from ledger.apply import AppliedBlock
from ledger.chain import Chain
from ledger.genesis import Genesis
from ledger.keys import KeyPair
from ledger.mempool import Dropped, Mempool, MempoolLimits
from ledger.store.leveldb import LevelStore
from ledger.transaction import Envelope
from node.admission import Admission, Verifier
from node.api.app import make_app
from node.api.backend import NodeState
from node.api.server import open_server
from node.bodies import BodyExchange
from node.certificates import load_certificate
from node.config import Config, ConfigError
from node.driver import Driver
from node.errors import NodeError
from node.frames import FrameRouter
from node.gossip import Gossip
from node.host import EngineHost
from node.identity import load_identity
from node.journal import Journal
from node.lifecycle import Lifecycle
from node.metrics import Metrics
from node.monitor import monitor
from node.ordering import Ordering
from node.peer_metrics import CountedPeers
from node.peers.network import Peers
from node.peers.records import Network, PeerAddress
from node.service import Service
from node.stages import Stages
from node.sync import Sync
from node.votes import Votes
from node.wire import Role, Status

_log = structlog.get_logger(__name__)

SWITCH_INTERVAL_S = 0.0005
"""How soon the verifying thread gets the interpreter back from a busy event loop."""


class AddressInUseError(NodeError):
    """The API's address cannot be listened on."""

    reason = "api-address-unavailable"


class Node:
    """One member of a network: `await start()`, `await failed()`, `await close()`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stack = AsyncExitStack()
        self._failure: asyncio.Future[BaseException] | None = None
        self.p2p_port = 0
        self.api_port = 0

    async def start(self) -> None:
        """Open the home, start the engine, connect, and serve.

        Raises what makes that impossible (`NodeError`, `LedgerError`, `ConsensusError`), after
        closing whatever was opened.
        """
        self._failure = asyncio.get_running_loop().create_future()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        try:
            self._open()
            self._make_ledger_side()
            self._make_engine_side()
            await self._run()
        except BaseException:
            await self._stack.aclose()
            raise

    async def failed(self) -> BaseException:
        """Wait for an error that must end the process; for ever, if all is well."""
        assert self._failure is not None
        return await asyncio.shield(self._failure)

    async def close(self) -> None:
        """Stop serving, then the engine, then the disk; what was acknowledged is on it."""
        self.service.state = NodeState.STOPPING
        await self._stack.aclose()

    def _fail(self, error: BaseException) -> None:
        _log.error("the node cannot go on", detail=str(error), exc_info=error)
        if self._failure is not None and not self._failure.done():
            self._failure.set_result(error)

    # Making, in order

    def _open(self) -> None:
        """Files: genesis, key, database, journal."""
        config = self._config
        self.genesis = _load_genesis(config.genesis_path)
        self.identity = load_identity(config.key_path)
        self.spec = catalog.get(self.genesis.engine)
        self.committee = Committee.of(len(self.genesis.validators), self.genesis.faults)
        catalog.check_configuration(self.spec, self.committee, allow_beyond_bound=config.allow_beyond_bound)
        self.me = self._find_replica()
        self.store = LevelStore(config.database_path)
        self._stack.callback(self.store.close)
        self.chain = Chain.open(self.store, self.genesis)
        self.journal = Journal.open(config.journal_path)
        self._stack.callback(self.journal.close)

    def _find_replica(self) -> ReplicaId | None:
        """This node's place in the committee; None for a follower."""
        key, config = self.identity.public_key, self._config
        if config.role == "follower":
            return None
        if key not in self.genesis.validators:
            raise ConfigError(
                f"{config.key_path} is not the key of a validator of {self.genesis.name}",
                reason="not-a-validator",
                advice='set role = "follower" in config.toml, or restore the validator\'s key',
            )
        return self.genesis.validators.index(key)

    def _make_ledger_side(self) -> None:
        """What waits to be ordered, and the door it comes through."""
        section = self._config.mempool
        self.metrics = Metrics()
        self.stages = Stages(self.metrics.registry)
        limits = MempoolLimits(section.count_max, section.size_bytes_max, section.per_account_max)
        self.mempool = Mempool(limits, self.chain.account)
        self.verifier = Verifier(self.stages)
        self._stack.callback(self.verifier.close)
        self.lifecycle = Lifecycle(self.metrics)
        self.admission = Admission(
            self.chain,
            self.store,
            self.mempool,
            self.verifier,
            self.stages,
            self._on_admitted,
        )

    def _make_engine_side(self) -> None:
        """The engine, its driver, the peers, and what lies between."""
        config, spec, chain = self._config, self.spec, self.chain
        parameters = catalog.parse_parameters(spec, self.genesis.engine_parameters)
        self.engine = spec.create(self.me, self.committee, parameters)
        replicas = dict(enumerate(self.genesis.validators))
        context = compute_vote_context(chain.chain_id, spec.name)
        self.votes = Votes(context, replicas, KeyPair(self.identity.seed), self.stages)
        self.host = EngineHost(
            self.me, replicas, spec, self.votes, chain, self.metrics, self._fail
        )
        self.driver = Driver(
            self.engine, spec, self.journal, self._sync_all, self.host, self.stages, self._fail
        )
        self.peers = self._make_peers()
        self.ordering = Ordering(
            chain,
            self.mempool,
            self.committee,
            self.identity.public_key,
            config.batch.proposal_delay_ms,
            self.stages,
            self._fetch,
            self.driver.post,
            self._on_applied,
            self._fail,
        )
        self.bodies = BodyExchange(chain, self.admission, self.peers, self.ordering.find_body)
        self.gossip = Gossip(
            self.peers, self.mempool, self.admission, self._is_known, config.batch.gossip_delay_ms
        )
        self.sync = Sync(
            chain,
            spec,
            self.votes,
            self.admission,
            self.ordering,
            self.peers,
            self.driver.post,
            self.me is None,
            config.sync.heights_per_request_max,
        )
        self.service = Service(
            config,
            chain,
            self.mempool,
            self.admission,
            self.lifecycle,
            self.metrics,
            spec,
            self.engine,
            self.me,
            self.committee,
            self.identity.public_key,
        )
        self.router = FrameRouter(
            chain,
            self.host,
            self.gossip,
            self.bodies,
            self.peers,
            self.stages,
            config.sync.heights_per_request_max,
        )
        self.host.connect(self.driver, self.ordering, self.peers, self.sync)
        self.service.connect(self.host, self.peers)

    def _make_peers(self) -> Peers:
        config = self._config
        network = Network(
            self.chain.chain_id,
            load_certificate(config.ca_path),
            load_certificate(config.certificate_path),
            frozenset(self.genesis.validators),
        )
        return Peers(
            self.identity,
            network,
            listen=(config.p2p.host, config.p2p.port),
            seeds=[PeerAddress.parse(s.address, s.public_key) for s in config.p2p.seeds],
            name=config.name,
            on_frame=self._on_frame,
            on_request=self._on_request,
            on_change=self._on_peer_change,
            local_status=self._local_status,
            metrics=CountedPeers(self.metrics),
        )

    # Running, in order; closed in the opposite one

    async def _run(self) -> None:
        config = self._config
        self._reload_mempool()
        self.ordering.start()
        self._stack.push_async_callback(self.ordering.close)
        self.driver.start(self._started())
        self._stack.push_async_callback(self.driver.close)
        await self.peers.start()
        self.p2p_port = self.peers.port
        self._stack.push_async_callback(self.peers.close)
        self.gossip.start()
        self._stack.push_async_callback(self.gossip.close)
        self.sync.start()
        self._stack.push_async_callback(self.sync.close)
        watching = asyncio.create_task(monitor(self.metrics, self._refresh), name="monitor")
        self._stack.push_async_callback(_end, watching)
        try:
            server = await open_server(
                make_app(self.service), config.api.host, config.api.port, self.metrics
            )
        except OSError as error:
            raise AddressInUseError(
                f"cannot listen on {config.api.host}:{config.api.port}: {error.strerror}",
                advice="stop what listens there, or set another api.port",
            ) from error
        self._stack.push_async_callback(server.close)
        self.api_port = server.port
        self.metrics.build.info({"version": version("quorate"), "engine": self.spec.name})
        _log.info("started", p2p=self.p2p_port, api=self.api_port, height=self.chain.height)

    def _started(self) -> Started:
        records = tuple(self.spec.records.decode(data) for data in self.journal.records)
        if self.journal.torn_bytes:
            _log.warning("cut off a torn journal tail", bytes=self.journal.torn_bytes)
        if self.journal.is_lost and self.me is not None:
            _log.warning("the journal is gone: observing until it is safe to vote again")
        return Started(
            records, self.chain.height, self.chain.head_id, self.committee, self.journal.is_fresh
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
        self.ordering.on_admitted(envelopes)

    def _on_applied(self, applied: AppliedBlock, dropped: list[Dropped]) -> None:
        self.admission.forget(drop.id for drop in dropped)
        self.lifecycle.on_applied(applied, dropped)

    async def _fetch(self, ids: list[bytes], first: bytes | None) -> list[Envelope]:
        return await self.bodies.fetch(ids, first)

    def _is_known(self, id_: bytes) -> bool:
        return id_ in self.mempool or self.chain.contains(id_)

    async def _on_frame(self, peer: bytes, frame: Any) -> None:
        await self.router.on_frame(peer, frame)

    async def _on_request(self, peer: bytes, frame: Any) -> Any:
        return await self.router.on_request(peer, frame)

    def _on_peer_change(self, peer: bytes, is_up: bool) -> None:
        if is_up:
            self.gossip.on_peer_up(peer)

    def _local_status(self) -> Status:
        role = Role.FOLLOWER if self.me is None else Role.VALIDATOR
        return Status(self.chain.height, self.chain.certified_height, role)

    def _refresh(self) -> None:
        self.service.refresh()
        if self.sync.is_catching_up:
            self.service.state = NodeState.CATCHING_UP
        elif self.sync.target() <= self.chain.height + 2:
            self.service.state = NodeState.READY

    def _sync_all(self, taken: tuple[bool, list[bytes]]) -> None:
        """In a thread: bodies first, then the journal, whose votes depend on them."""
        is_rewritten, _ = taken
        with self.metrics.journal_sync.time():
            if self.admission.needs_sync or is_rewritten:
                self.admission.needs_sync = False
                self.store.sync()
            self.journal.write(taken)


def _load_genesis(path: Path) -> Genesis:
    try:
        return Genesis.from_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}",
            reason="genesis-missing",
            advice="copy the network's genesis.json into the home folder",
        ) from error


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


