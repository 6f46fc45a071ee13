"""Coins on disk: which were tossed here, and what they showed.

A member whose engine goes on from a coin never tosses it again, after a restart neither; others may
still wait for its share. So the note is durable before anything that follows from the face is.
Notes of heights that are long decided are forgotten.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from ledger.errors import StoreError
from ledger.reasons import Reason
from ledger.store.schema import COIN, HEIGHT_BYTES, prefix_range
from ledger.store.store import Batch, Store

Tag: TypeAlias = tuple[int, ...]
"""A coin's name; its first number is the height that it is tossed for."""


def encode_tag(tag: Tag) -> bytes:
    """The numbers of a tag in 8 bytes each; tags sort as their heights do."""
    return b"".join(number.to_bytes(HEIGHT_BYTES, "big") for number in tag)


def note_batch(faces: Mapping[Tag, int]) -> Batch:
    """The writes that keep what coins showed."""
    batch = Batch()
    batch.extend([(COIN + encode_tag(tag), bytes([face])) for tag, face in faces.items()])
    return batch


def forget_batch(tags: Iterable[Tag]) -> Batch:
    """The writes that remove notes."""
    batch = Batch()
    batch.extend([(COIN + encode_tag(tag), None) for tag in tags])
    return batch


def load(store: Store) -> dict[Tag, int]:
    """Every note; raises `StoreError` (store-corrupt)."""
    return {
        _decode(key[len(COIN) :]): _read_face(value)
        for key, value in store.scan(*prefix_range(COIN))
    }


def _read_face(value: bytes) -> int:
    if value not in {b"\x00", b"\x01"}:
        raise StoreError(Reason.STORE_CORRUPT, "a coin has another face than 0 and 1")
    return value[0]


def _decode(key: bytes) -> Tag:
    if not key or len(key) % HEIGHT_BYTES:
        raise StoreError(Reason.STORE_CORRUPT, "a coin without a whole tag")
    parts = (key[at : at + HEIGHT_BYTES] for at in range(0, len(key), HEIGHT_BYTES))
    return tuple(int.from_bytes(part, "big") for part in parts)
