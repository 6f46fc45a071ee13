from hypothesis import given
from hypothesis import strategies as st

from ledger.store import schema
from ledger.store.schema import (
    at_height,
    pack_location,
    prefix_range,
    read_height,
    unpack_location,
)

HEIGHTS = st.integers(0, 2**64 - 1)


def test_prefixes_are_distinct_single_bytes() -> None:
    prefixes = [
        value
        for name, value in vars(schema).items()
        if isinstance(value, bytes) and not name.startswith("_")
    ]
    assert len(prefixes) == len(set(prefixes)) == 15
    assert all(len(prefix) == 1 for prefix in prefixes)
    documented = (schema.__doc__ or "").split("```")[1]
    letters = [line[0].encode() for line in documented.splitlines()[1:] if line[:1].strip()]
    assert sorted(letters) == sorted(prefixes)


@given(HEIGHTS, HEIGHTS)
def test_keys_sort_by_height(first: int, second: int) -> None:
    assert (at_height(b"B", first) < at_height(b"B", second)) == (first < second)
    assert read_height(at_height(b"B", first)) == first
    start, stop = prefix_range(b"B")
    assert start <= at_height(b"B", first) < stop


@given(HEIGHTS, st.integers(0, 2**32 - 1))
def test_locations(height: int, index: int) -> None:
    assert unpack_location(pack_location(height, index)) == (height, index)
    assert len(pack_location(height, index)) == 12
