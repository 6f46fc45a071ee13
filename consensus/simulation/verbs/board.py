"""One cluster, what has been printed of it, and the words that name its hosts."""

from dataclasses import dataclass, field

from consensus.simulation.cluster import Cluster
from consensus.simulation.entry import Entry, format_entry
from consensus.simulation.host import Host
from consensus.simulation.words import ScenarioError, parse_number, parse_places

SHOWN = frozenset(
    {
        "send",
        "decide",
        "certify",
        "accuse",
        "diverge",
        "behind",
        "readable",
        "crash",
        "restart",
        "progress",
        "starved",
    }
)


@dataclass(slots=True)
class Board:
    """One cluster, and what is printed of it."""

    cluster: Cluster
    shown: set[str] = field(default_factory=lambda: set(SHOWN))
    hidden: set[str] = field(default_factory=set)
    printed: list[str] = field(default_factory=list)
    read: int = 0
    """Entries that were printed, or passed over."""
    load: int = 0
    """Which load is on; an older one has ended."""
    items: int = 0
    reading: int = 0
    """Which random reads are on; older ones have ended."""

    def print_trace(self) -> None:
        """Print what the trace gained."""
        trace = self.cluster.trace
        if trace is None:
            return
        self.printed.extend(
            format_entry(entry) for entry in trace.entries[self.read :] if self.is_shown(entry)
        )
        self.read = len(trace.entries)

    def is_shown(self, entry: Entry) -> bool:
        """Is this kind of thing printed."""
        is_broadcast = entry.kind == "send" and entry.peer is None
        if entry.name in self.hidden or (is_broadcast and "broadcast" in self.hidden):
            return False
        return entry.kind in self.shown or (entry.kind == "timer" and entry.name in self.shown)

    def host(self, word: str) -> Host:
        """The host at an address."""
        place = parse_number(word)
        if place not in self.cluster.hosts:
            raise ScenarioError(f"no host at address {place}")
        return self.cluster.hosts[place]

    def hosts(self, words: list[str]) -> list[Host]:
        """The hosts at addresses."""
        return [self.host(str(place)) for place in parse_places(words)]

    def places(self, words: list[str]) -> list[int]:
        """Addresses where there are hosts."""
        return [host.place for host in self.hosts(words)]


def heads_of(cluster: Cluster) -> str:
    """Heights of all heads; one that is down is marked."""
    return " ".join(f"{host.height}{'' if host.is_up else '†'}" for host in cluster.hosts.values())
