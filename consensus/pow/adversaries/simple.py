"""Two adversaries without a plan for the long run: one keeps its blocks, one lies about the time."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from consensus.block import Template
from consensus.effects import Effect
from consensus.pow.adversaries.hiding import Hiding
from consensus.pow.block_tree import Node


@dataclass(slots=True)
class Withholder(Hiding):
    """Mines along and tells nobody what it finds: its share of all work is lost for everybody."""

    def decide(self, node: Node) -> Iterator[Effect]:
        """Its own blocks are forgotten."""
        if node.block_id not in self.hidden:
            self.see_public(node)
        yield from ()


@dataclass(slots=True)
class TimeWarper(Hiding):
    """Says of each of its blocks that it was found `ahead_ms` after its parent.

    Times ahead make the past look slow, so targets would become easier. But whoever's clock has not
    come within the drift holds such a block until it has, and mines on; and a window has two ends,
    so what one window gains by a late end, the next one loses by its late beginning.
    """

    ahead_ms: int = 10_000

    def decide(self, node: Node) -> Iterator[Effect]:
        """It hides nothing."""
        self.see_public(node)
        yield from self.share_up_to(node.block_id)

    def shape(self, template: Template) -> Template:
        """The template with a later time."""
        parent = self.tree.nodes[template.parent]
        time_ms = max(parent.header.time_ms + self.ahead_ms, template.time_ms_min)
        return msgspec.structs.replace(template, time_ms_min=time_ms)
