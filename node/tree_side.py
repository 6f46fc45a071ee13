"""The side of engines that order a tree of blocks: draft, mine, store, switch branches, catch up."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Protocol

from consensus import catalog
from consensus.engine_spec import TreeRules
from node.branching import Branching
from node.core import Core
from node.diagnosis.facts import TreeFacts
from node.drafting import Drafting, Miner
from node.fork_watch import ForkWatch
from node.mining.metrics import MiningCollector
from node.mining.miner import Miner as ProcessMiner
from node.mining.miner import MiningAccount
from node.recent_bodies import RecentBodies
from node.side import Parts
from node.storing import BlockStorer
from node.tasks import OnFailure
from node.tree_catch_up import TreeCatchUp
from node.tree_story import TreeStory


class CountedMiner(Miner, Protocol):
    """A miner that tells how fast it is."""

    def account(self) -> MiningAccount:
        """What it has come to."""
        ...


MakeMiner = Callable[[Drafting], CountedMiner]
"""Makes whoever looks for proofs of what is drafted."""


class TreeSide:
    """`orders` keeps the adopted branch, `miner` looks for proofs, `forks` watches the tree."""

    reads = None

    def __init__(self, parts: Parts, rules: TreeRules, make_miner: MakeMiner) -> None:
        core = parts.core
        parameters = catalog.parse_parameters(core.spec, core.chain.genesis.engine_parameters)
        self._interval_ms = rules.interval_ms(parameters)
        recent = RecentBodies()
        storer = BlockStorer(
            core, recent, fetch=parts.fetch, post=parts.post, on_failure=parts.on_failure
        )
        drafting = Drafting(core, recent, parts.post)
        self.miner = make_miner(drafting)
        drafting.connect(self.miner)
        self.forks = ForkWatch(
            rules,
            parts.engine,
            core.tree,
            is_started=lambda: parts.driver.has_started,
        )
        self.orders = Branching(
            core,
            parts.body_log,
            recent=recent,
            storer=storer,
            drafting=drafting,
            story=TreeStory(parts.lifecycle, core.metrics, parts.events),
            say=parts.host.share,
            on_returned=parts.gossip.on_returned,
            post=parts.post,
            on_failure=parts.on_failure,
        )
        self.catch_up = TreeCatchUp(core.chain, parts.peers)
        parts.host.connect(parts.driver, None, parts.peers, None, self.orders)

    def describe_mining(self) -> TreeFacts:
        """The work that the next block takes, and who does it."""
        measures, account = self.forks.measure(), self.miner.account()
        return TreeFacts(
            interval_ms=self._interval_ms,
            difficulty=measures.difficulty if measures else 0,
            network_rate=measures.hash_rate_per_s if measures else None,
            own_rate=account.hashes_per_second,
            workers=account.running,
        )

    def start(self, stack: AsyncExitStack) -> None:
        """Look for proofs, and keep the tree."""
        self.miner.start()
        stack.push_async_callback(self.miner.close)
        self.orders.start()
        stack.push_async_callback(self.orders.close)

    def join(self, stack: AsyncExitStack) -> None:
        """The engine itself asks peers for what it lacks."""

    def stop_serving(self) -> None:
        """Nobody waits for anything here."""


def make_process_miner(core: Core, drafting: Drafting, on_failure: OnFailure) -> CountedMiner:
    """Processes that look for proofs of what is drafted; without workers, nobody."""
    section = core.config.mining
    miner = ProcessMiner(
        core.spec.name,
        workers=section.workers,
        nice=section.nice,
        on_found=drafting.on_found,
        on_exhausted=drafting.on_exhausted,
        on_failure=on_failure,
    )
    MiningCollector(miner.account, core.metrics.registry)
    return miner
