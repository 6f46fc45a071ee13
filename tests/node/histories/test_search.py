"""The search: known good and bad histories, the truth by brute force, and how long it takes."""

import time
from collections.abc import Sequence
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.histories.operation import Operation, Value
from node.histories.search import Verdict, search
from tests.node.histories.build import failed, r, w

GOOD = {
    "nothing at all": [],
    "a register holds nothing at first": [r(0, 1, None)],
    "one after the other": [w(0, 1, "a"), r(2, 3, "a"), w(4, 5, "b"), r(6, 7, "b")],
    "a read during a write sees the old value": [w(0, 9, "a"), r(1, 2, None)],
    "or the new one": [w(0, 9, "a"), r(1, 2, "a")],
    "two writes at once, either is last": [w(0, 9, "a"), w(0, 9, "b", 1), r(10, 11, "a")],
    "an open write is seen by one, and not yet by one who asks at the same time": [
        w(0, 99, "a"),
        r(10, 20, "a"),
        r(15, 25, None, 2),
    ],
    "an indefinite write is seen later": [w(0, None, "a"), r(5, 6, None), r(50, 51, "a")],
    "or never": [w(0, None, "a"), w(1, 2, "b"), r(3, 4, "b"), r(50, 51, "b")],
    "or after another one": [w(0, None, "a"), w(1, 2, "b"), r(3, 4, "b"), r(5, 6, "a")],
    "a write that failed is as good as none": [failed(0, 1, "a"), r(2, 3, None)],
    "a read without an answer says nothing": [r(0, None, None), w(1, 2, "a"), r(3, 4, "a")],
    "ends that meet are at once": [w(0, 5, "a"), r(5, 6, None)],
    "deletion": [w(0, 1, "a"), w(2, 3, None), r(4, 5, None)],
    "the same value twice": [w(0, 1, "a"), w(2, 3, "b"), w(4, 5, "a"), r(6, 7, "a")],
    "Herlihy and Wing's first": [w(0, 6, "x"), w(2, 4, "y", 1), r(5, 7, "x"), r(8, 9, "x")],
}
BAD = {
    "stale read": [w(0, 1, "a"), w(2, 3, "b"), r(4, 5, "a")],
    "lost write": [w(0, 1, "a"), r(2, 3, None)],
    "a value from nowhere": [w(0, 1, "a"), r(2, 3, "z")],
    "a value from the future": [r(0, 1, "a"), w(2, 3, "a")],
    "read inversion": [w(0, 99, "a"), r(10, 20, "a"), r(30, 40, None, 2)],
    "read inversion at an indefinite write": [w(0, None, "a"), r(10, 20, "a"), r(30, 40, None, 2)],
    "an indefinite write is seen and then unseen": [
        w(0, 1, "b"),
        w(2, None, "a"),
        r(10, 20, "a"),
        r(30, 40, "b", 2),
    ],
    "a write that failed is seen": [failed(0, 1, "a"), r(2, 3, "a")],
    "two readers disagree about two writes": [
        w(0, 99, "a"),
        w(0, 99, "b", 1),
        r(1, 2, "a", 2),
        r(3, 4, "b", 2),
        r(5, 6, "a", 3),
    ],
    "an indefinite write takes effect twice": [
        w(0, None, "a"),
        r(5, 6, "a"),
        w(7, 8, "b"),
        r(9, 10, "b"),
        r(11, 12, "a"),
    ],
    "before it was invoked": [r(0, 1, "a"), w(5, None, "a")],
}


@pytest.mark.parametrize("name", GOOD)
def test_good_histories(name: str) -> None:
    assert search(GOOD[name]).verdict is Verdict.LINEARIZABLE


@pytest.mark.parametrize("name", BAD)
def test_bad_histories(name: str) -> None:
    assert search(BAD[name]).verdict is Verdict.VIOLATED


def is_linearizable(operations: Sequence[Operation]) -> bool:
    """By trying every order of every choice of indefinite writes: the definition, word by word."""
    counted = [one for one in operations if one.counts]
    open_writes = [one for one in counted if not one.is_definite]
    definite = [one for one in counted if one.is_definite]
    return any(
        is_legal(order)
        for mask in range(1 << len(open_writes))
        for order in permutations(
            [*definite, *(one for i, one in enumerate(open_writes) if mask >> i & 1)]
        )
    )


def is_legal(order: Sequence[Operation]) -> bool:
    value: Value = None
    for number, one in enumerate(order):
        if one.is_read and one.value != value:
            return False
        value = one.value
        for later in order[number + 1 :]:
            if later.completed_us is not None and later.completed_us < one.invoked_us:
                return False
    return True


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    invoked = draw(st.integers(0, 12))
    completed = draw(st.none() | st.integers(invoked, invoked + 6))
    value = draw(st.sampled_from([None, "a", "b", "c"]))
    make = draw(st.sampled_from([w, r, r]))
    return make(invoked, completed, value)


@settings(max_examples=600, deadline=None)
@given(st.lists(operations(), max_size=6))
def test_the_search_agrees_with_brute_force(history: list[Operation]) -> None:
    expected = Verdict.LINEARIZABLE if is_linearizable(history) else Verdict.VIOLATED
    assert search(history).verdict is expected


def simulate(seed: int, count: int, clients: int) -> list[Operation]:
    """What clients see of a real register, with indefinite writes that take effect late or never."""
    random = Random(seed)
    value: Value = None
    free = [0] * clients
    moments: list[tuple[int, int, Operation]] = []
    for number in range(count):
        client = random.randrange(clients)
        invoked = free[client] + random.randrange(1, 50)
        effect = invoked + random.randrange(1, 200)
        completed = effect + random.randrange(1, 200)
        free[client] = completed
        if random.random() < 0.5:
            one = w(invoked, completed, f"v{number}", client)
            if random.random() < 0.05:
                one = w(invoked, None, f"v{number}", client)
                effect = effect + random.randrange(3_000) if random.random() < 0.5 else -1
        else:
            one = r(invoked, completed, None, client)
        moments.append((effect, number, one))
    history: list[Operation] = []
    for effect, _, one in sorted(moments, key=lambda moment: moment[:2]):
        if one.is_read:
            history.append(r(one.invoked_us, one.completed_us, value, one.client))
            continue
        history.append(one)
        value = one.value if effect >= 0 else value
    return history


@pytest.mark.parametrize("seed", range(5))
def test_real_registers_pass_and_one_stale_read_is_found(seed: int) -> None:
    history = simulate(seed, 2_000, 8)
    assert search(history).verdict is Verdict.LINEARIZABLE
    reads = [one for one in history if one.is_read]
    stale, late = reads[len(reads) // 4], reads[-len(reads) // 4]
    assert stale.value != late.value
    history[history.index(late)] = r(late.invoked_us, late.completed_us, stale.value)
    assert search(history).verdict is Verdict.VIOLATED


def test_thousands_of_operations_take_seconds() -> None:
    history = simulate(7, 10_000, 12)
    started = time.process_time()
    found = search(history)
    assert found.verdict is Verdict.LINEARIZABLE
    assert time.process_time() - started < 10


def test_a_search_that_grows_too_large_is_given_up() -> None:
    writes = [w(0, 1_000, f"v{number}", number) for number in range(16)]
    history = [*writes, r(1_001, 1_002, "v0"), r(1_003, 1_004, "v1")]
    assert search(history, states_max=1_000).verdict is Verdict.UNDECIDED
    assert search(history[:9] + history[-2:]).verdict is Verdict.VIOLATED
