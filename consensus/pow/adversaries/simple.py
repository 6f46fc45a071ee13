"""Adversaries without a plan: they keep blocks or bodies back, or lie about time, or about work."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from consensus.block import Template
from consensus.effects import Broadcast, Effect, Share
from consensus.events import Event, Mined
from consensus.pow.adversaries.hiding import Hiding
from consensus.pow.block_tree import Node
from consensus.pow.compact import decode_compact, encode_compact
from consensus.pow.messages import Headers
from consensus.pow.work import decode_claim, encode_claim


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


@dataclass(slots=True)
class Discounter(Hiding):
    """Mines at a target that is easier than the one due, so it has a block more often.

    Not even its own engine takes such a block; it is told to the others all the same.
    """

    factor: int = 4

    def react(self, event: Event) -> Iterator[Effect]:
        """What was found goes out as it is, and the search goes on."""
        if isinstance(event, Mined):
            self.mining = None
            yield Broadcast(event.block)
            yield from self.keep_mining()
        else:
            yield from Hiding.react(self, event)

    def shape(self, template: Template) -> Template:
        """The template with an easier target, as far as there is one."""
        claim = decode_claim(template.claim)
        assert claim is not None
        target = decode_compact(claim.bits).magnitude * self.factor
        bits = encode_compact(min(target, self.replica.parameters.limit))
        return msgspec.structs.replace(template, claim=encode_claim(claim._replace(bits=bits)))


@dataclass(slots=True)
class Teaser(Hiding):
    """Tells of every header it knows, its own first, and gives nobody the bodies."""

    def is_kept_back(self, effect: Effect) -> bool:
        """Every body, and whatever it does not mine on."""
        if isinstance(effect, Share):
            return True
        return not isinstance(effect, Broadcast) and Hiding.is_kept_back(self, effect)

    def decide(self, node: Node) -> Iterator[Effect]:
        """It mines on the heaviest branch there is, which is its own where it could not be fetched."""
        self.see_public(node)
        yield Broadcast(Headers((node.header,)))
