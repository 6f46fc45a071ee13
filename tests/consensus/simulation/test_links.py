"""Links: loss, duplicates, delays with tails, order, cuts in one direction, omission, distance."""

from collections import Counter

from consensus.model.topology import make_ring
from consensus.simulation.chance import Chance
from consensus.simulation.links import Links, Quality


def links_of(quality: Quality | None = None, size: int = 4) -> Links:
    return Links(Chance(1), quality or Quality(), places=set(range(size)))


def test_links_lose_duplicate_and_delay() -> None:
    links = links_of(Quality(3, 9, loss_permille=200, duplicates_permille=300))
    copies = [links.draw_delays_ms(0, 1, None) for _ in range(2_000)]
    counts = Counter(len(delays) for delays in copies)
    assert 320 < counts[0] < 480
    assert 400 < counts[2] < 560
    assert {delay for delays in copies for delay in delays} == set(range(3, 10))
    assert links.counts["message-lost"] == counts[0]
    assert links.counts["message-duplicated"] == counts[2]


def test_partitions_and_filters() -> None:
    links = links_of()
    links.partition({0, 1}, {2})
    assert links.draw_delays_ms(0, 1, None)
    assert not links.draw_delays_ms(0, 2, None)
    assert not links.is_connected(0, 3)
    links.heal()
    links.filters.append(lambda a, b, _m: (a, b) != (0, 2))
    assert not links.draw_delays_ms(0, 2, None)
    assert links.draw_delays_ms(2, 0, None)


def test_a_cut_may_have_a_direction() -> None:
    links = links_of()
    links.cut_one_way([0, 1], [1, 2])
    assert not links.is_connected(0, 2)
    assert links.is_connected(2, 0)
    assert links.is_connected(1, 1)
    links.heal({0, 2})
    assert links.is_connected(0, 2)
    assert not links.is_connected(1, 2)


def test_healing_some_leaves_the_others_broken() -> None:
    links = links_of()
    links.partition({0}, {1}, {2}, {3})
    links.omission[0, 1] = links.omission[2, 3] = 1_000
    links.heal({0, 1})
    assert links.draw_delays_ms(0, 1, None)
    assert not links.is_connected(0, 2)
    assert links.omission == {(2, 3): 1_000}


def test_heavy_tails_double_and_are_bounded() -> None:
    links = links_of(Quality(10, 10, tail_permille=500))
    delays = Counter(links.draw_delays_ms(0, 1, None)[0] for _ in range(2_000))
    assert set(delays) <= {10 << doublings for doublings in range(7)}
    assert 800 < delays[10] < 1_200
    assert delays[20] > delays[80] > 0


def test_first_in_first_out_keeps_the_order_that_other_links_do_not() -> None:
    for is_fifo in (False, True):
        links = links_of(Quality(1, 50, is_fifo=is_fifo))
        arrivals = [at + links.draw_delays_ms(0, 1, None, at)[0] for at in range(200)]
        assert (arrivals == sorted(arrivals)) is is_fifo
        assert bool(links.counts["message-overtaken"]) is not is_fifo


def test_flooding_multiplies_delays_by_the_distance() -> None:
    links = links_of(Quality(7, 7))
    links.topology = make_ring(4)
    assert links.draw_delays_ms(0, 1, None) == [7]
    assert links.draw_delays_ms(0, 2, None) == [14]
    links.down = {1}
    assert links.draw_delays_ms(0, 2, None) == [14]
    links.down = {1, 3}
    assert links.draw_delays_ms(0, 2, None) == []


def test_a_link_may_have_a_quality_of_its_own() -> None:
    links = links_of(Quality(5, 5))
    links.own[0, 1] = Quality(90, 90)
    assert links.draw_delays_ms(0, 1, None) == [90]
    assert links.draw_delays_ms(1, 0, None) == [5]
