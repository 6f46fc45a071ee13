from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from ledger.priority import LazyHeap

Item = list[bool]


def make_heap() -> LazyHeap[Item]:
    """Items are one-element lists: is it alive."""
    return LazyHeap(lambda item: item[0])


def drain(heap: LazyHeap[Item]) -> list[tuple[int, int]]:
    found = []
    while (entry := heap.pop()) is not None:
        found.append(entry[:2])
    return found


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans())))
def test_only_the_living_surface_in_order(content: list[tuple[int, bool]]) -> None:
    heap = make_heap()
    items = [[True] for _ in content]
    for number, ((key, _), item) in enumerate(zip(content, items, strict=True)):
        heap.push(key, number, item)
    for (_, lives), item in zip(content, items, strict=True):
        item[0] = lives
    expected = sorted((key, n) for n, (key, lives) in enumerate(content) if lives)
    places = {id(item): number for number, item in enumerate(items)}
    ascending = [places[id(item)] for item in heap.ascending(lambda _: None)]
    assert ascending == [number for _, number in expected]
    assert drain(heap) == expected


@given(st.lists(st.integers(0, 9)), st.integers(0, 12))
def test_looking_does_not_change_the_heap(keys: list[int], count: int) -> None:
    heap: LazyHeap[int] = LazyHeap(lambda _: True)
    for number, key in enumerate(keys):
        heap.push(key, number, number)
    before = list(heap.items)
    seen = list(islice(heap.ascending(lambda _: None), count))
    expected = [number for _, number in sorted((key, n) for n, key in enumerate(keys))]
    assert seen == expected[:count]
    assert heap.items == before


def test_a_follower_takes_part_from_then_on() -> None:
    heap: LazyHeap[str] = LazyHeap(lambda _: True)
    heap.push(1, 1, "a")
    heap.push(5, 2, "b")
    after = {"a": (3, 3, "a2"), "a2": (9, 4, "a3")}
    assert list(heap.ascending(after.get)) == ["a", "a2", "b", "a3"]


def test_peek_leaves_in_place() -> None:
    heap = make_heap()
    dead, alive = [False], [True]
    heap.push(1, 1, dead)
    heap.push(2, 2, alive)
    assert heap.peek() == heap.peek() == (2, 2, alive)
    assert heap.pop() == (2, 2, alive)
    assert heap.peek() is None
    assert heap.pop() is None


def test_trim_lets_go_of_the_dead_and_of_repetitions() -> None:
    heap = make_heap()
    items = [[number < 10] for number in range(1_000)]
    for number, item in enumerate(items):
        heap.push(-number, number, item)
    heap.push(0, 0, items[0])
    heap.trim(1_000)
    assert len(heap.items) == 1_001
    heap.trim(10)
    assert len(heap.items) == 10
    assert drain(heap) == [(-number, number) for number in reversed(range(10))]
