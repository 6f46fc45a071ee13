"""Topology: who has a link to whom, and what flooding over it costs.

Engines assume a complete graph. Over another one they run on top of flooding: who hears a message
for the first time hands it on. With f replicas that hand nothing on, flooding still reaches
everybody if no f removals cut the graph, that is, if its vertex connectivity exceeds f (Menger
1927); each of the engine's delays then takes as many hops as the worst remaining diameter.

All algorithms here are for small graphs: connectivity costs O(n^2) searches for each path found.
"""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb

from consensus.errors import ModelError

REMOVALS_MAX = 100_000
"""Sets of faulty replicas that `compute_worst_diameter` tries; beyond, it would take minutes."""


@dataclass(frozen=True, slots=True)
class Topology:
    """A directed graph on the replicas 0 … size - 1; an edge (a, b) is a link from a to b."""

    size: int
    edges: frozenset[tuple[int, int]]

    def __post_init__(self) -> None:
        """Raise `ModelError` on a loop, or an edge to nowhere."""
        if self.size < 1:
            raise ModelError("a topology has at least one replica")
        for a, b in sorted(self.edges):
            if a == b or not {a, b} <= set(range(self.size)):
                raise ModelError(f"({a}, {b}) is no link between two of {self.size} replicas")

    @property
    def is_complete(self) -> bool:
        """Has every replica a link to every other."""
        return len(self.edges) == self.size * (self.size - 1)

    @property
    def is_symmetric(self) -> bool:
        """Does every link have one back."""
        return all((b, a) in self.edges for a, b in self.edges)

    def neighbours(self) -> dict[int, list[int]]:
        """Where each replica's links lead, in order."""
        lists: dict[int, list[int]] = {node: [] for node in range(self.size)}
        for a, b in sorted(self.edges):
            lists[a].append(b)
        return lists


def make_complete(size: int) -> Topology:
    """Everybody to everybody."""
    nodes = range(size)
    return Topology(size, frozenset((a, b) for a in nodes for b in nodes if a != b))


def make_ring(size: int, *, one_way: bool = False) -> Topology:
    """Each to the next, and back unless `one_way`."""
    forward = [(node, (node + 1) % size) for node in range(size) if size > 1]
    return make_from_edges(size, forward, both_ways=not one_way)


def make_star(size: int, centre: int = 0) -> Topology:
    """Everybody to the centre and back."""
    spokes = [(centre, node) for node in range(size) if node != centre]
    return make_from_edges(size, spokes)


def make_from_edges(
    size: int, edges: Iterable[tuple[int, int]], *, both_ways: bool = True
) -> Topology:
    """The given links, each with its way back unless told otherwise; raises `ModelError`."""
    links = frozenset(edges)
    return Topology(size, links | {(b, a) for a, b in links} if both_ways else links)


def find_distances(topology: Topology, start: int, removed: Collection[int] = ()) -> dict[int, int]:
    """Hops from `start` to every replica that can be reached without `removed`, itself included."""
    if start in removed:
        return {}
    return search(topology.neighbours(), start, frozenset(removed))


def search(neighbours: dict[int, list[int]], start: int, removed: frozenset[int]) -> dict[int, int]:
    """Breadth-first search."""
    distances = {start: 0}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for other in neighbours[node]:
            if other not in distances and other not in removed:
                distances[other] = distances[node] + 1
                queue.append(other)
    return distances


def find_diameter(topology: Topology, removed: Collection[int] = ()) -> int | None:
    """The most hops between two replicas that are left; None if some pair is cut off.

    With one replica left or none it is 0.
    """
    gone = frozenset(removed)
    neighbours = topology.neighbours()
    left = [node for node in range(topology.size) if node not in gone]
    greatest = 0
    for start in left:
        distances = search(neighbours, start, gone)
        if len(distances) < len(left):
            return None
        greatest = max(greatest, *distances.values())
    return greatest


def is_connected(topology: Topology, removed: Collection[int] = ()) -> bool:
    """Do all that are left reach each other."""
    return find_diameter(topology, removed) is not None


def compute_connectivity(topology: Topology) -> int:
    """How many replicas have to go before the rest is cut: n - 1 for a complete graph.

    The least number of vertex-disjoint paths between two replicas without a link (Menger 1927).
    """
    nodes = range(topology.size)
    cuts = (
        count_disjoint_paths(topology, a, b)
        for a in nodes
        for b in nodes
        if a != b and (a, b) not in topology.edges
    )
    return min(cuts, default=topology.size - 1)


def count_disjoint_paths(topology: Topology, start: int, end: int) -> int:
    """Paths from `start` to `end` that share no other replica; they have no direct link.

    Each replica is split into a door in (2 * node) and a door out (2 * node + 1) with room for one
    path between them; each path found is turned round, so that later ones can displace it.
    """
    room: dict[int, set[int]] = {door: set() for door in range(2 * topology.size)}
    for node in range(topology.size):
        room[2 * node].add(2 * node + 1)
    for a, b in topology.edges:
        room[2 * a + 1].add(2 * b)
    found = 0
    while path := find_path(room, 2 * start + 1, 2 * end):
        found += 1
        for a, b in pairwise(path):
            room[a].remove(b)
            room[b].add(a)
    return found


def find_path(room: dict[int, set[int]], start: int, end: int) -> list[int]:
    """A shortest path, or nothing."""
    came_from = {start: start}
    queue = deque([start])
    while queue and end not in came_from:
        door = queue.popleft()
        for other in sorted(room[door]):
            if other not in came_from:
                came_from[other] = door
                queue.append(other)
    if end not in came_from:
        return []
    path = [end]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]


def compute_worst_diameter(topology: Topology, faults: int) -> int | None:
    """The greatest diameter that removing at most `faults` replicas leaves; None if one cuts it.

    Raises `ModelError` if there are more than `REMOVALS_MAX` sets to try.
    """
    counts = range(min(faults, topology.size) + 1)
    if sum(comb(topology.size, count) for count in counts) > REMOVALS_MAX:
        raise ModelError(f"too many ways to lose {faults} of {topology.size} replicas")
    worst = 0
    for count in counts:
        for removed in combinations(range(topology.size), count):
            diameter = find_diameter(topology, removed)
            if diameter is None:
                return None
            worst = max(worst, diameter)
    return worst


def compute_flooded_delay_ms(topology: Topology, delay_ms: int, faults: int) -> int | None:
    """What an engine that assumes a complete graph has to take for its message delay.

    `delay_ms` is that of one link. With `faults` replicas that hand nothing on, a flooded message
    takes the worst remaining diameter in hops; None if it may not arrive at all.
    """
    hops = compute_worst_diameter(topology, faults)
    return None if hops is None else max(1, hops) * delay_ms


def count_flooded_messages(topology: Topology) -> int:
    """Link messages of one flooded broadcast, at most: every replica hands it on once per link."""
    return len(topology.edges)
