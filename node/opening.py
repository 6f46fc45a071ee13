"""Opening a home: genesis, key, database and journal become what every part of a node shares."""

from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from consensus import catalog
from consensus.committee import Committee
from consensus.engine_spec import EngineSpec
from consensus.errors import DecodeError
from consensus.events import Started
from ledger.chain import Chain
from ledger.genesis import Genesis
from ledger.ledger import Ledger
from ledger.mempool import Mempool, MempoolLimits
from ledger.store.leveldb import LevelStore
from ledger.store.store import Store
from ledger.tree_chain import TreeChain
from node.config import Config, ConfigError
from node.core import Core
from node.identity import Identity, load_identity
from node.journal import Journal, JournalError
from node.metrics import Metrics
from node.roster import compute_stranger, is_open
from node.seats import Seats, make_change_rule
from node.serving import get_served
from node.stages import Stages
from node.tasks import OnFailure
from node.tree_blocks import describe_tree, make_identify
from node.watched_store import WatchedStore

_log = structlog.get_logger(__name__)

OVERDUE_HEIGHTS = 40
"""Passed over so often is censorship: under load some seconds, longer than any gossip takes."""


def open_core(config: Config, stack: AsyncExitStack, on_failure: OnFailure) -> Core:
    """The files of a home, all but its journal; `stack` closes them.

    Raises `ConfigError`, `LedgerError` or `ConsensusError` where they do not fit each other.
    """
    genesis = _load_genesis(config.genesis_path)
    identity = load_identity(config.key_path)
    spec = get_served(genesis.engine)
    committee = Committee.of(len(genesis.validators), genesis.faults)
    catalog.check_configuration(spec, committee, allow_beyond_bound=config.allow_beyond_bound)
    store = WatchedStore(LevelStore(config.database_path), on_failure)
    stack.callback(store.close)
    is_counting = config.metrics.enabled
    metrics = Metrics(spec, is_counting=is_counting)
    stages = Stages(metrics.registry, is_counting=is_counting)
    chain = _open_ledger(spec, store, genesis, stages)
    return Core(
        config=config,
        identity=identity,
        spec=spec,
        seats=_find_seat(config, spec, chain, identity),
        store=store,
        chain=chain,
        mempool=Mempool(_mempool_limits(config), chain.account, chain.height),
        metrics=metrics,
        stages=stages,
    )


def describe_start(core: Core, journal: Journal) -> Started:
    """The engine's first event: what it wrote down, and where the ledger stands."""
    try:
        records = tuple(core.spec.records.decode(data) for data in journal.records)
    except DecodeError as error:
        raise JournalError(
            f"{core.config.journal_path} holds what no {core.spec.name} engine wrote: {error}",
            advice="restore it, or delete it: then the node votes only once that is safe, if ever",
        ) from error
    if journal.torn_bytes:
        _log.warning("cut off a torn journal tail", bytes=journal.torn_bytes)
    tree = describe_tree(core.tree) if core.spec.tree else None
    if journal.is_lost and core.me is not None and tree is None:
        _log.warning("the journal is gone: observing, for good unless voting becomes safe")
    return Started(
        records,
        core.chain.height,
        core.chain.head_id,
        core.committee,
        journal.is_fresh,
        tree,
        core.seats.until,
        core.seats.former,
        core.chain.certified_height,
    )


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
