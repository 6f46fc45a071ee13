"""What all adversaries share: an honest engine that knows the tree, and blocks it keeps to itself.

The engine inside sees all events. Its words about hidden blocks are not said, and what it would mine
on is replaced by what the strategy wants. An adversary never finalizes: it will fork wherever it
pays. What becomes of its host's ledger is its own affair.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from consensus.block import Template
from consensus.effects import Broadcast, Effect, Finalize, Mine, Send, Share
from consensus.events import Event, Mined, Stored, Verdict
from consensus.pow.block_tree import BlockTree, Node
from consensus.pow.engine import ProofOfWork
from consensus.pow.messages import Headers
from consensus.pow.mining import make_template
from consensus.pow.replica import Replica
from consensus.pow.work import compute_id

NEVER = 1 << 60


@dataclass(slots=True)
class Hiding:
    """An engine that hides its blocks until its strategy, a subclass's `decide`, shares them.

    `public` is the heaviest branch that all know, as far as this replica has heard; `wish` what the
    strategy mines on, None for whatever the honest engine would.
    """

    inner: ProofOfWork
    hidden: set[bytes] = field(default_factory=set)
    public: bytes = b""
    wish: bytes | None = None
    mining: Template | None = None

    @property
    def replica(self) -> Replica:
        """The record inside, for whoever asks the engine for its account."""
        return self.inner.replica

    @property
    def tree(self) -> BlockTree:
        """All blocks that this replica knows."""
        return self.inner.replica.grown

    def react(self, event: Event) -> Iterator[Effect]:
        """One step of the engine inside, then of the strategy."""
        if isinstance(event, Mined):
            self.hidden.add(compute_id(event.block.header))
        for effect in list(self.inner.react(event)):
            if not self.is_kept_back(effect):
                yield effect
        if self.replica.tree is None:
            return
        if not self.public:
            self.public = self.tree.chain[-1]
        for node in self.find_news(event):
            yield from self.decide(node)
        yield from self.keep_mining()

    def is_kept_back(self, effect: Effect) -> bool:
        """Would it tell what is hidden, mine elsewhere, or bind this replica."""
        match effect:
            case Share(block_id, _):
                return block_id in self.hidden
            case Broadcast(Headers(headers)) | Send(_, Headers(headers)):
                return any(compute_id(header) in self.hidden for header in headers)
            case Mine() | Finalize():
                return True
            case _:
                return False

    def find_news(self, event: Event) -> list[Node]:
        """The blocks that this event has connected, lowest first."""
        if not isinstance(event, Stored) or event.verdict is not Verdict.VALID:
            return []
        tree, found = self.tree, []
        waiting = [event.block_id]
        while waiting:
            block_id = waiting.pop(0)
            if block_id in tree.connected:
                found.append(tree.nodes[block_id])
                waiting += tree.children.get(block_id, ())
        return found

    def decide(self, node: Node) -> Iterator[Effect]:
        """What the strategy does about a block that is new, its own or another's."""
        if node.block_id not in self.hidden:
            self.see_public(node)
        yield from ()

    def see_public(self, node: Node) -> None:
        """Everybody knows this block."""
        if node.work > self.tree.nodes[self.public].work:
            self.public = node.block_id

    def share_up_to(self, block_id: bytes) -> Iterator[Effect]:
        """Publish the hidden blocks of a branch, lowest first."""
        branch = []
        for node in self.tree.walk_down(block_id):
            if node.block_id not in self.hidden:
                break
            branch.append(node)
        for node in reversed(branch):
            self.hidden.discard(node.block_id)
            self.see_public(node)
            yield Share(node.block_id, None)

    def keep_mining(self) -> Iterator[Effect]:
        """Mine on what the strategy wishes."""
        template = self.shape(make_template(self.replica, self.wish or self.public))
        if template != self.mining:
            self.mining = template
            yield Mine(template)

    def shape(self, template: Template) -> Template:
        """The template as this adversary wants it."""
        return template

    def find_fork(self, block_id: bytes) -> Node:
        """The last block below this one that everybody knows."""
        return next(n for n in self.tree.walk_down(block_id) if n.block_id not in self.hidden)


def make_unbound(engine: ProofOfWork) -> ProofOfWork:
    """The same engine, which finalizes nothing more, forgets nothing, and stores any branch."""
    replica = engine.replica
    replica.late_blocks = NEVER
    replica.parameters = msgspec.structs.replace(replica.parameters, depth=NEVER, drift_ms=NEVER)
    return engine
