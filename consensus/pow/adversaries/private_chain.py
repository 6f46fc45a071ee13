"""The double spend (Nakamoto 2008, section 11; Rosenfeld 2012): a private branch beside a payment.

The adversary mines until it holds one block that nobody knows; now it pays, and the honest begin to
build on the payment. It goes on in private. Once the payment has `confirmations` blocks and the
private branch is longer, it is published: the payment is undone. An attack that has fallen `patience`
blocks behind is given up (the chance that is lost so is (q/p)^patience), and the next begins.

With more than half of all work every attack succeeds, if one is patient (`majority`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from consensus.effects import Effect
from consensus.pow.adversaries.hiding import NEVER, Hiding
from consensus.pow.block_tree import Node


@dataclass(slots=True)
class PrivateChain(Hiding):
    """One attack after the other."""

    confirmations: int = 6
    patience: int = NEVER
    tip: bytes | None = None
    """The private branch, None while there is none."""
    succeeded: int = 0
    failed: int = 0

    def decide(self, node: Node) -> Iterator[Effect]:
        """A block more, on either side."""
        if node.block_id in self.hidden:
            if self.tip is None and node.parent != self.public:
                return  # too late for a head start
            self.tip = self.wish = node.block_id
        else:
            self.see_public(node)
        if self.tip is not None:
            yield from self.weigh(self.tip)

    def weigh(self, tip: bytes) -> Iterator[Effect]:
        """Won, lost, or to be gone on with."""
        nodes = self.tree.nodes
        fork = self.find_fork(tip).height
        confirmed = nodes[self.public].height - fork
        private = nodes[tip].height - fork
        if confirmed >= self.confirmations and private > confirmed:
            self.succeeded += 1
            self.tip = self.wish = None
            self.replica.count("double_spent")
            yield from self.share_up_to(tip)
        elif confirmed - private >= self.patience and confirmed >= self.confirmations:
            self.failed += 1
            self.tip = self.wish = None
            self.replica.count("attack_given_up")
