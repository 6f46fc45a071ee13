"""Addresses as people write them."""

import pytest

from node.peers.records import AddressError, PeerAddress

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:26656", "127.0.0.1", 26656),
        ("validator-0:1", "validator-0", 1),
        ("[::1]:65535", "::1", 65535),
    ],
)
def test_an_address_is_read_and_written(text: str, host: str, port: int) -> None:
    address = PeerAddress.parse(text, KEY.hex())
    assert address == PeerAddress(host, port, KEY)
    assert str(address) == text


def test_the_key_may_be_unknown() -> None:
    assert PeerAddress.parse("h:1").public_key is None


@pytest.mark.parametrize("text", ["", "h", ":1", "h:", "h:0", "h:65536", "h:-1", "h:x", "h:¹"])
def test_a_bad_address(text: str) -> None:
    with pytest.raises(AddressError):
        PeerAddress.parse(text)


@pytest.mark.parametrize("key", ["", "00", "zz" * 32, "00" * 33])
def test_a_bad_key(key: str) -> None:
    with pytest.raises(AddressError):
        PeerAddress.parse("h:1", key)
