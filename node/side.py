"""What is different for engines whose decisions are final and for those that order a tree of blocks.

A node is made of parts that are the same for both, and of one *side*, `chain_side.ChainSide` or
`tree_side.TreeSide`, chosen by the contract that the engine's catalog entry names.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from consensus.engine import Engine
from consensus.message import Height
from ledger.transaction import Envelope
from node.admission import Admission
from node.body_log import BodyLog
from node.core import Core
from node.diagnosis.facts import TreeFacts
from node.driver import Driver
from node.events.recorder import EventRecorder
from node.fork_watch import ForkWatch
from node.gossip import Gossip
from node.host import EngineHost
from node.lifecycle import Lifecycle
from node.peers.network import Peers
from node.reading import Reads
from node.tasks import OnFailure
from node.votes import Votes


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

    def count_waiting(self) -> int:
        """Decided heights that are not executed yet."""

    def count_missing(self) -> int:
        """Bodies of values known here that are not here themselves."""


class CatchUp(Protocol):
    """How far behind this node is."""

    @property
    def is_catching_up(self) -> bool:
        """Is it far behind."""

    @property
    def fetched_heights(self) -> int:
        """Heights that were fetched and executed."""

    def target(self) -> Height:
        """Where the others stand."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a side is made from."""

    core: Core
    engine: Engine
    votes: Votes
    lifecycle: Lifecycle
    body_log: BodyLog
    admission: Admission
    host: EngineHost
    driver: Driver
    peers: Peers
    gossip: Gossip
    events: EventRecorder
    fetch: Callable[[list[bytes], bytes | None], Awaitable[list[Envelope]]]
    spread_s: Callable[[], float]
    on_failure: OnFailure

    @property
    def post(self) -> Callable[[Any], None]:
        """Hands an event to the engine."""
        return self.driver.post


class Side(Protocol):
    """One contract, served."""

    @property
    def orders(self) -> Orders:
        """What orders transactions."""

    @property
    def catch_up(self) -> CatchUp:
        """What notices that others are ahead."""

    @property
    def reads(self) -> Reads | None:
        """What confirms reads, where the engine does."""

    @property
    def forks(self) -> ForkWatch | None:
        """What watches the tree, where there is one."""

    def describe_mining(self) -> TreeFacts | None:
        """How fast blocks are looked for, where they are."""

    def start(self, stack: AsyncExitStack) -> None:
        """Before the engine's first event; `stack` ends what begins here."""

    def join(self, stack: AsyncExitStack) -> None:
        """Once there are peers."""

    def stop_serving(self) -> None:
        """Nobody may wait any longer for an answer from here."""
