"""Which peer has which link, and which of two survives when both nodes call each other.

Of two calls that cross, the one of the node with the lower key wins: while that node's own Hello is
on its way it turns the other's call away, and the other node, whose call is turned away, takes the
first. So both agree although neither sees the order of events of the other, and no link is made
only to be torn down.

Of a new call from a peer that seems linked already, the rule is: it knows better. It has restarted
or lost the link, otherwise it would not call; the old link is replaced. One exception: the peer's
call that lost against ours may arrive late, after our call has become the link (same instance, ours
is the lower key): that one is turned away.
"""

import asyncio
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from node.peers.handshake import Refusal


class Linked(Protocol):
    """What the table asks of a link: whose it is, who called, which process answers, its end."""

    peer_id: bytes
    outbound: bool
    instance: int
    stopped: str | None


L = TypeVar("L", bound=Linked)


class LinkTable(Generic[L]):
    """At most one link per peer, and the calls of ours that have greeted but are not links yet."""

    def __init__(self, own_id: bytes) -> None:
        self._own_id = own_id
        self._links: dict[bytes, L] = {}
        self._greeting: set[bytes] = set()
        self._gone: dict[bytes, asyncio.Event] = {}

    def __len__(self) -> int:
        """Number of links."""
        return len(self._links)

    def __iter__(self) -> Iterator[L]:
        """Every link; the table may change meanwhile."""
        return iter(list(self._links.values()))

    def get(self, peer_id: bytes) -> L | None:
        """The link to a peer."""
        return self._links.get(peer_id)

    def begin_greeting(self, peer_id: bytes) -> bool:
        """May our call say Hello now; if so, `end_greeting` must follow."""
        if peer_id in self._links or peer_id in self._greeting:
            return False
        self._greeting.add(peer_id)
        return True

    def end_greeting(self, peer_id: bytes) -> None:
        """Our call has become a link or failed."""
        self._greeting.discard(peer_id)

    def judge_inbound(self, peer_id: bytes, instance: int) -> Refusal | None:
        """Is this call of a peer to be turned away in favour of one of ours."""
        is_ours_preferred = self._own_id < peer_id
        if peer_id in self._greeting and is_ours_preferred:
            return Refusal.DUPLICATE
        link = self._links.get(peer_id)
        if link is None or link.stopped is not None:
            return None
        if not is_ours_preferred or not link.outbound:
            return None
        return Refusal.DUPLICATE if link.instance == instance else None

    def add(self, link: L) -> L | None:
        """Make `link` the peer's; returns the one it replaces."""
        replaced = self._links.get(link.peer_id)
        self._links[link.peer_id] = link
        self._gone.setdefault(link.peer_id, asyncio.Event()).clear()
        return replaced

    def remove(self, link: L) -> bool:
        """A link has ended; False when another has taken its place before."""
        if self._links.get(link.peer_id) is not link:
            return False
        del self._links[link.peer_id]
        self._gone.pop(link.peer_id).set()
        return True

    async def wait_gone(self, peer_id: bytes) -> None:
        """Return when the peer has no link (at once, if it has none)."""
        if event := self._gone.get(peer_id):
            await event.wait()
