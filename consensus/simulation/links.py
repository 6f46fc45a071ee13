"""What a network does to messages: delay, loss, duplicates, order, cuts, clogs, topology.

Links join addresses and have a direction. Each copy of a message draws its own delay, so messages
overtake each other unless the links are first in, first out.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from consensus.model.topology import Topology, find_distances
from consensus.simulation.chance import Chance

Address: TypeAlias = int
Pair: TypeAlias = tuple[Address, Address]
Filter: TypeAlias = Callable[[Address, Address, Any], bool]
"""(from, to, message) -> is it let through."""

TAIL_DOUBLINGS_MAX = 6


@dataclass(frozen=True, slots=True)
class Quality:
    """How good links are: delays in milliseconds, chances in thousandths.

    A heavy tail: `tail_permille` of the copies draw a delay that is doubled once, half of those
    twice, and so on, six times at most (a discrete Pareto distribution).
    """

    delay_ms_min: int = 5
    delay_ms_max: int = 5
    loss_permille: int = 0
    duplicates_permille: int = 0
    tail_permille: int = 0
    is_fifo: bool = False


@dataclass(slots=True)
class Links:
    """The links of a cluster; everything may change while it runs."""

    chance: Chance
    quality: Quality = field(default_factory=Quality)
    """Of every link without a quality of its own."""
    own: dict[Pair, Quality] = field(default_factory=dict)
    cut: set[Pair] = field(default_factory=set)
    """Directed links that carry nothing; what is under way on them is lost."""
    clogged: dict[Pair, list[Any]] = field(default_factory=dict)
    """Directed links that hold back what they are given, and what they hold."""
    omission: dict[Pair, int] = field(default_factory=dict)
    """Additional loss, in thousandths, where a host omits to send or to receive."""
    filters: list[Filter] = field(default_factory=list)
    places: set[Address] = field(default_factory=set)
    topology: Topology | None = None
    """None: everybody is adjacent. Otherwise messages are flooded by all hosts that are up."""
    down: set[Address] = field(default_factory=set)
    """Hosts that hand nothing on."""
    counts: Counter[str] = field(default_factory=Counter)
    streams: dict[Pair, Chance] = field(default_factory=dict)
    latest: dict[Pair, int] = field(default_factory=dict)
    """When the last copy on a first-in-first-out link arrives."""

    def partition(self, *groups: Collection[Address]) -> None:
        """Only members of one group reach each other; whoever is in none reaches nobody."""
        together = {(a, b) for group in groups for a in group for b in group}
        self.cut = {(a, b) for a in self.places for b in self.places} - together

    def cut_one_way(self, senders: Iterable[Address], receivers: Iterable[Address]) -> None:
        """From here on nothing gets from these to those."""
        targets = list(receivers)
        self.cut.update((a, b) for a in senders for b in targets if a != b)

    def heal(self, places: Collection[Address] | None = None) -> None:
        """No cut and no filter, between all or between some; the quality stays."""
        if places is None:
            self.cut.clear()
            self.filters.clear()
            self.omission.clear()
            return
        inner = {(a, b) for a in places for b in places}
        self.cut -= inner
        for pair in inner:
            self.omission.pop(pair, None)

    def is_connected(self, sender: Address, receiver: Address) -> bool:
        """Is the link not cut."""
        return (sender, receiver) not in self.cut

    def get_quality(self, pair: Pair) -> Quality:
        """Its own, or that of all."""
        return self.own.get(pair, self.quality)

    def draw_delays_ms(
        self, sender: Address, receiver: Address, message: Any, now_ms: int = 0
    ) -> list[int]:
        """When the copies of a message arrive from now; empty if it is lost."""
        pair = (sender, receiver)
        if pair in self.cut:
            return []
        if self.filters and not self.are_filters_open(sender, receiver, message):
            return []
        hops = 1 if self.topology is None else self.count_hops(sender, receiver)
        if not hops:
            return []
        chance = self.streams.get(pair)
        if chance is None:
            chance = self.streams[pair] = self.chance.fork(f"link/{sender}/{receiver}")
        quality = self.get_quality(pair)
        if self.is_lost(pair, quality, chance):
            self.counts["message-lost"] += 1
            return []
        delay_ms = hops * self.draw_delay_ms(quality, chance)
        delays = [self.keep_order(pair, quality, now_ms, delay_ms)]
        if quality.duplicates_permille and chance.happens(quality.duplicates_permille):
            self.counts["message-duplicated"] += 1
            delay_ms = hops * self.draw_delay_ms(quality, chance)
            delays.append(self.keep_order(pair, quality, now_ms, delay_ms))
        return delays

    def is_lost(self, pair: Pair, quality: Quality, chance: Chance) -> bool:
        """Does the link lose a copy, or one of its ends omit it."""
        if quality.loss_permille and chance.happens(quality.loss_permille):
            return True
        return bool(self.omission) and chance.happens(self.omission.get(pair, 0))

    def are_filters_open(self, sender: Address, receiver: Address, message: Any) -> bool:
        """Do all filters let a message through."""
        return all(let(sender, receiver, message) for let in self.filters)

    def count_hops(self, sender: Address, receiver: Address) -> int:
        """Links on a shortest path through hosts that are up; 0 if there is none."""
        assert self.topology is not None
        removed = self.down - {sender, receiver}
        return find_distances(self.topology, sender, removed).get(receiver, 0)

    def draw_delay_ms(self, quality: Quality, chance: Chance) -> int:
        """One copy's delay on one link."""
        least, most = quality.delay_ms_min, quality.delay_ms_max
        delay_ms = least + chance.below(most - least + 1) if most > least else least
        if quality.tail_permille and chance.happens(quality.tail_permille):
            self.counts["delay-in-the-tail"] += 1
            doublings = 1
            while doublings < TAIL_DOUBLINGS_MAX and chance.happens(500):
                doublings += 1
            delay_ms = max(delay_ms, 1) << doublings
        return delay_ms

    def keep_order(self, pair: Pair, quality: Quality, now_ms: int, delay_ms: int) -> int:
        """The delay of a copy that waits for those before it, where links do that."""
        arrival_ms, latest_ms = now_ms + delay_ms, self.latest.get(pair, 0)
        if arrival_ms < latest_ms and not quality.is_fifo:
            self.counts["message-overtaken"] += 1
            return delay_ms
        if arrival_ms < latest_ms:
            return latest_ms - now_ms
        self.latest[pair] = arrival_ms
        return delay_ms
