import pytest

from node.mining.orders import (
    MalformedError,
    Ready,
    Report,
    Rest,
    Search,
    Tried,
    encode,
    unpack_orders,
    unpack_reports,
)
from tests.node.mining.support import EASY, make_block


def test_messages_survive_however_the_bytes_are_cut() -> None:
    search = Search(7, make_block(EASY).header, 0, (1 << 64) - 1)
    stream = encode(search) + encode(Rest()) + encode(search)
    for size in (1, 3, 50, len(stream)):
        unpacker = unpack_orders()
        orders = [
            order
            for start in range(0, len(stream), size)
            for order in unpacker.feed(stream[start : start + size])
        ]
        assert orders == [search, Rest(), search]


def test_nonsense_is_told() -> None:
    for data in (b"\xff\xff\xff\xff", (3).to_bytes(4, "big") + b"abc", encode(Rest())):
        with pytest.raises(MalformedError):
            list(unpack_reports().feed(data))
    reports: list[Report] = [Ready(), Tried(1, 5)]
    assert list(unpack_reports().feed(b"".join(map(encode, reports)))) == reports
