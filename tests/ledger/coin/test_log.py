import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.coin.log import encode_tag, forget_batch, load, note_batch
from ledger.errors import StoreError
from ledger.reasons import Reason
from ledger.store.memory import MemoryStore
from ledger.store.schema import COIN
from ledger.store.store import Batch

TAGS = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=8).map(tuple)


@given(st.dictionaries(TAGS, st.integers(0, 1)))
def test_what_was_noted_is_read_again_until_it_is_forgotten(
    faces: dict[tuple[int, ...], int],
) -> None:
    store = MemoryStore()
    store.write(note_batch(faces))
    assert load(store) == faces
    gone = list(faces)[::2]
    store.write(forget_batch(gone))
    assert load(store) == {tag: face for tag, face in faces.items() if tag not in gone}


@given(TAGS, TAGS)
def test_no_two_tags_are_spelt_alike(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    assert (encode_tag(one) == encode_tag(other)) == (one == other)


@pytest.mark.parametrize(
    ("key", "value"), [(b"", b"\x00"), (bytes(7), b"\x00"), (bytes(8), b"\x02"), (bytes(8), b"")]
)
def test_a_note_that_nobody_wrote(key: bytes, value: bytes) -> None:
    store = MemoryStore()
    batch = Batch()
    batch.put(COIN + key, value)
    store.write(batch)
    with pytest.raises(StoreError) as caught:
        load(store)
    assert caught.value.reason is Reason.STORE_CORRUPT
