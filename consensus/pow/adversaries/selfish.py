"""Selfish mining (Eyal and Sirer 2014, algorithm 1): to waste what the honest find.

The private branch is published just in time: one block when the honest draw level (now a race, which
the honest who hear of it first mine along), everything when they come within one, else one block for
each of theirs. What it earns, in closed form: `consensus.pow.selfish`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from consensus.effects import Effect
from consensus.pow.adversaries.hiding import Hiding
from consensus.pow.block_tree import Node


@dataclass(slots=True)
class Selfish(Hiding):
    """A miner that keeps a lead to itself."""

    tip: bytes | None = None
    """The end of the own branch, as long as it differs from the public one."""
    is_racing: bool = False
    """Are two branches of equal length public, one of them the own."""

    def decide(self, node: Node) -> Iterator[Effect]:
        """A block more, on either side."""
        if node.block_id in self.hidden:
            yield from self.on_own(node)
        else:
            before = self.tree.nodes[self.public].height
            self.see_public(node)
            if self.tip is not None and self.tree.nodes[self.public].height > before:
                yield from self.on_other(self.tip, before)

    def on_own(self, node: Node) -> Iterator[Effect]:
        """A longer lead; in a race it decides at once."""
        self.tip = self.wish = node.block_id
        if self.is_racing:
            yield from self.win(node.block_id)

    def on_other(self, tip: bytes, before: int) -> Iterator[Effect]:
        """The honest found a block: what is published depends on the lead there was."""
        lead = self.tree.nodes[tip].height - before
        match lead:
            case 1:
                self.is_racing = True
                yield from self.share_up_to(tip)
            case 2:
                yield from self.win(tip)
            case _ if lead > 2:
                height = self.tree.nodes[self.public].height
                yield from self.share_up_to(self.tree.find_ancestor(tip, height).block_id)
            case _:
                self.begin_anew()

    def win(self, tip: bytes) -> Iterator[Effect]:
        """Publish everything: the own branch is longer."""
        self.replica.count("selfish_won")
        yield from self.share_up_to(tip)
        self.begin_anew()

    def begin_anew(self) -> None:
        """Mine on what everybody knows."""
        self.tip = self.wish = None
        self.is_racing = False
