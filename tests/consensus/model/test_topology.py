"""Graphs of links: distances, connectivity, and what flooding over them costs."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consensus.errors import ModelError
from consensus.model.topology import (
    Topology,
    compute_connectivity,
    compute_flooded_delay_ms,
    compute_worst_diameter,
    count_disjoint_paths,
    count_flooded_messages,
    find_diameter,
    find_distances,
    is_connected,
    make_complete,
    make_from_edges,
    make_ring,
    make_star,
)


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    size = draw(st.integers(1, 6))
    pairs = [(a, b) for a in range(size) for b in range(size) if a != b]
    chosen = draw(st.sets(st.sampled_from(pairs))) if pairs else set()
    return Topology(size, frozenset(chosen))


def floyd_warshall(topology: Topology) -> dict[tuple[int, int], int]:
    """All distances, by another method."""
    nodes = range(topology.size)
    far = topology.size + 1
    hops = {(a, b): 0 if a == b else far for a in nodes for b in nodes}
    hops |= dict.fromkeys(topology.edges, 1)
    for middle in nodes:
        for a in nodes:
            for b in nodes:
                hops[a, b] = min(hops[a, b], hops[a, middle] + hops[middle, b])
    return {pair: count for pair, count in hops.items() if count < far}


@given(topologies())
def test_distances_are_those_of_another_method(topology: Topology) -> None:
    expected = floyd_warshall(topology)
    for start in range(topology.size):
        found = find_distances(topology, start)
        assert found == {b: hops for (a, b), hops in expected.items() if a == start}


@given(topologies())
def test_connectivity_is_the_least_number_of_removals_that_cuts(topology: Topology) -> None:
    nodes = range(topology.size)
    cuts = [
        count
        for count in range(topology.size - 1)
        if any(not is_connected(topology, removed) for removed in combinations(nodes, count))
    ]
    assert compute_connectivity(topology) == min(cuts, default=topology.size - 1)


@given(topologies(), st.integers(0, 5))
def test_flooding_arrives_iff_connectivity_exceeds_the_faults(
    topology: Topology, faults: int
) -> None:
    if faults >= topology.size - 1:
        return
    arrives = compute_flooded_delay_ms(topology, 10, faults) is not None
    assert arrives == (compute_connectivity(topology) > faults)


@settings(max_examples=30)
@given(st.integers(2, 9))
def test_named_shapes(size: int) -> None:
    complete, ring, star = make_complete(size), make_ring(size), make_star(size)
    assert complete.is_complete
    assert all(shape.is_symmetric for shape in (complete, ring, star))
    assert find_diameter(complete) == 1
    assert find_diameter(ring) == size // 2
    assert find_diameter(star) == min(2, size - 1)
    assert find_diameter(make_ring(size, one_way=True)) == size - 1
    assert compute_connectivity(complete) == size - 1
    assert compute_connectivity(ring) == min(2, size - 1)
    assert compute_connectivity(star) == 1
    assert compute_connectivity(make_ring(size, one_way=True)) == 1


def test_a_single_replica_is_every_shape() -> None:
    for shape in (make_complete(1), make_ring(1), make_star(1)):
        assert shape == Topology(1, frozenset())
        assert shape.is_complete
        assert find_diameter(shape) == 0


def test_the_cube_has_three_disjoint_paths_between_any_corners() -> None:
    cube = make_from_edges(8, [(a, a ^ bit) for a in range(8) for bit in (1, 2, 4)])
    assert count_disjoint_paths(cube, 0, 7) == 3
    assert count_disjoint_paths(cube, 0, 3) == 3
    assert compute_connectivity(cube) == 3
    assert find_diameter(cube) == 3


def test_a_later_path_may_displace_an_earlier_one() -> None:
    edges = [(0, 1), (0, 2), (1, 3), (1, 4), (2, 3), (3, 5), (4, 5)]
    assert count_disjoint_paths(make_from_edges(6, edges, both_ways=False), 0, 5) == 2


def test_losing_replicas_makes_ways_longer() -> None:
    ring = make_ring(6)
    assert compute_worst_diameter(ring, 0) == 3
    assert compute_worst_diameter(ring, 1) == 4
    assert compute_worst_diameter(ring, 2) is None
    assert compute_worst_diameter(make_complete(6), 4) == 1


def test_delays_multiply_by_the_worst_diameter_that_is_left() -> None:
    assert compute_flooded_delay_ms(make_complete(7), 20, 2) == 20
    assert compute_flooded_delay_ms(make_ring(6), 20, 1) == 80
    assert compute_flooded_delay_ms(make_star(6), 20, 0) == 40
    assert compute_flooded_delay_ms(make_star(6), 20, 1) is None
    assert compute_flooded_delay_ms(make_complete(1), 20, 0) == 20


def test_flooding_uses_every_link_once() -> None:
    assert count_flooded_messages(make_complete(4)) == 12
    assert count_flooded_messages(make_ring(5)) == 10


def test_removed_replicas_are_not_reached() -> None:
    ring = make_ring(5)
    assert find_distances(ring, 0, removed={1}) == {0: 0, 4: 1, 3: 2, 2: 3}
    assert find_distances(ring, 0, removed={0}) == {}
    assert not is_connected(ring, {1, 3})


@pytest.mark.parametrize(("size", "edges"), [(0, []), (2, [(0, 2)]), (2, [(-1, 0)]), (2, [(1, 1)])])
def test_impossible_graphs(size: int, edges: list[tuple[int, int]]) -> None:
    with pytest.raises(ModelError):
        Topology(size, frozenset(edges))


def test_too_many_removals_are_refused_instead_of_tried() -> None:
    with pytest.raises(ModelError, match="too many"):
        compute_worst_diameter(make_ring(64), 8)
