"""What every page handler gets: the node behind the site, and facts of blocks that were read before."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiohttp import web

from node.api.routing import Api
from node.web.views.blocks import BlockFacts, read_facts

FACTS_KEPT_MAX = 512
"""Some 300 kB; a page of blocks is read again each second by whoever looks at it."""


class Shelf:
    """Facts of final blocks by height: reading a full block takes a millisecond, and it never changes.

    A block whose certificate may still come is read again once the certified height has moved.
    """

    def __init__(self, api: Api) -> None:
        self._backend = api.backend
        self._kept: OrderedDict[int, tuple[int, BlockFacts]] = OrderedDict()

    def get(self, height: int) -> BlockFacts:
        """The facts of the block at a height; raises `ChainError` above the head."""
        chain = self._backend.chain
        certified = chain.certified_height
        if (kept := self._kept.get(height)) and (height <= kept[0] or kept[0] == certified):
            return kept[1]
        block = chain.block(height)
        facts = read_facts(block, self._backend.votes(block), chain.membership().keys)
        if height <= chain.final_height:
            self._kept[height] = (certified, facts)
            self._kept.move_to_end(height)
            if len(self._kept) > FACTS_KEPT_MAX:
                self._kept.popitem(last=False)
        return facts

    def list(self, heights: Iterable[int]) -> list[BlockFacts]:
        """The facts of several, in the order asked for."""
        return [self.get(height) for height in heights]


@dataclass(frozen=True, slots=True)
class Site:
    """The API's own way to the node, and what is remembered between pages."""

    api: Api
    shelf: Shelf

    @classmethod
    def of(cls, api: Api) -> "Site":
        """A site over one node."""
        return cls(api, Shelf(api))


@dataclass(frozen=True, slots=True)
class Page:
    """What a handler answers with: a template, what it shows, and how the page is called.

    `section` is the entry of the navigation it belongs to; `styles` and `scripts` are assets beside
    those that every page has. `is_live` says whether its live part changes with the network. `policy`
    widens the content security policy where a page cannot do without.
    """

    template: str
    title: str
    view: Any
    section: str = ""
    status: int = 200
    is_live: bool = True
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, str] = field(default_factory=dict)


PageHandler: TypeAlias = Callable[[Site, web.Request], Awaitable[Page | web.Response]]
