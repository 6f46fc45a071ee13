"""What is known of each coin: who asked, whose shares are here, what it shows.

A share that comes before this node asks is kept unverified: it costs memory, which is bounded per
member, and no time. Coins lie in heights, and a height that is decided needs none; its coins are kept
for a while, for members that are behind.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from ledger.coin.log import Tag
from ledger.coin.shares import Share

HEIGHTS_AHEAD = 64
"""Shares for heights further above are dropped: their sender gives them again when they are wanted."""

HEIGHTS_KEPT = 16
"""Coins of so many decided heights are kept for members that are not there yet."""

UNASKED_MAX = 2_048
"""Coins of one member that this node has not asked for: some 1.5 MB, and more than an engine tosses in
the few heights that it works on."""


class Heard(Enum):
    """What became of a share, as metrics know it."""

    TAKEN = "taken"
    KNOWN = "coin-known"
    """Another of that member is here, or the coin has been seen."""
    STALE = "coin-stale"
    """Its height is long decided."""
    EARLY = "coin-early"
    """Its height is too far ahead."""
    TOO_MANY = "coin-too-many"
    """Its sender has said too much that nobody here asked for."""


@dataclass(slots=True, eq=False)
class Coin:
    """One coin; `face` is None until it is seen, `own` is this node's share once it has asked."""

    tag: Tag
    asked_at: float | None = None
    """On the monotonic clock."""
    own: Share | None = None
    waiting: dict[int, Share] = field(default_factory=dict)
    """By member, not verified."""
    held: dict[int, Share] = field(default_factory=dict)
    """By member, verified."""
    face: int | None = None
    said_at: dict[bytes, float] = field(default_factory=dict)
    """When the own share was last said to each, by key."""

    @property
    def height(self) -> int:
        """The height that it is tossed for."""
        return self.tag[0]


class CoinBook:
    """All coins of one node."""

    def __init__(self) -> None:
        self._coins: dict[Tag, Coin] = {}
        self._unasked: Counter[int] = Counter()

    def __iter__(self) -> Iterator[Coin]:
        """Every coin that is known."""
        return iter(self._coins.values())

    def find(self, tag: Tag) -> Coin | None:
        """What is known of a coin, if anything is."""
        return self._coins.get(tag)

    @property
    def open(self) -> list[Coin]:
        """Those that this node has asked for and not seen."""
        return [coin for coin in self if coin.asked_at is not None and coin.face is None]

    def note(self, tag: Tag, face: int) -> None:
        """A coin that was seen before a restart."""
        self._coins[tag] = Coin(tag, asked_at=0.0, face=face)

    def ask(self, tag: Tag) -> Coin:
        """This node asks: what was kept of its coin is worth verifying from here on."""
        coin = self._coins.setdefault(tag, Coin(tag))
        if coin.asked_at is None:
            coin.asked_at = time.monotonic()
            self._unasked.subtract(list(coin.waiting))
        return coin

    def hear(self, tag: Tag, share: Share, height: int) -> Heard:
        """Keep a member's share, this node having decided `height`."""
        coin = self._coins.get(tag)
        if coin is None or coin.asked_at is None:
            if reason := self._refuse_unasked(tag, share, coin, height):
                return reason
            self._unasked[share.index] += 1
            coin = self._coins.setdefault(tag, Coin(tag))
        elif coin.face is not None or share.index in coin.waiting or share.index in coin.held:
            return Heard.KNOWN
        coin.waiting[share.index] = share
        return Heard.TAKEN

    def _refuse_unasked(
        self, tag: Tag, share: Share, coin: Coin | None, height: int
    ) -> Heard | None:
        """Why a share is not kept of a coin that this node has not asked for, or None."""
        if tag[0] <= height - HEIGHTS_KEPT:
            return Heard.STALE
        if tag[0] > height + HEIGHTS_AHEAD:
            return Heard.EARLY
        if coin is not None and share.index in coin.waiting:
            return Heard.KNOWN
        if self._unasked[share.index] >= UNASKED_MAX:
            return Heard.TOO_MANY
        return None

    def forget(self, height: int) -> list[Tag]:
        """Drop the coins of heights that are long decided; the tags of those that were seen."""
        old = [coin for coin in self if coin.height <= height - HEIGHTS_KEPT]
        for coin in old:
            del self._coins[coin.tag]
            if coin.asked_at is None:
                self._unasked.subtract(list(coin.waiting))
        return [coin.tag for coin in old if coin.face is not None]
