"""What a Hello must say, judged without a network."""

import msgspec
import pytest

from node.peers.handshake import Introduction, Refusal, RefusedError, read_refusal
from node.wire import PROTOCOL_VERSION, Hello, Role, Status, encode_frame

CHAIN, MEMBER, STRANGER = bytes(32), b"m" * 32, b"s" * 32
ME = Introduction(CHAIN, frozenset({MEMBER}), instance=9, name="me")


def hello(**changes: object) -> bytes:
    good = Hello(PROTOCOL_VERSION, CHAIN, Role.VALIDATOR, 1, "you")
    return encode_frame(msgspec.structs.replace(good, **changes))


def refusal_of(peer: bytes, data: bytes) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        ME.judge(peer, data)
    assert not caught.value.by_peer
    assert caught.value.reason == caught.value.refusal.value
    return caught.value.refusal


def test_a_good_hello() -> None:
    assert ME.judge(MEMBER, hello()).name == "you"
    assert ME.judge(STRANGER, hello(role=Role.FOLLOWER)).role is Role.FOLLOWER
    assert ME.judge(MEMBER, hello(role=Role.FOLLOWER)).role is Role.FOLLOWER


def test_our_own() -> None:
    assert ME.hello(Role.FOLLOWER) == Hello(PROTOCOL_VERSION, CHAIN, Role.FOLLOWER, 9, "me")


def test_wrong_chain_and_wrong_role() -> None:
    assert refusal_of(MEMBER, hello(chain_id=b"x" * 32)) is Refusal.WRONG_CHAIN
    assert refusal_of(STRANGER, hello()) is Refusal.WRONG_ROLE


@pytest.mark.parametrize(
    "data",
    [
        hello(version=PROTOCOL_VERSION + 1),
        msgspec.msgpack.encode([0, 99, "a hello of quite another form", 1.5]),
        msgspec.msgpack.encode([0, 0]),
    ],
)
def test_another_version_is_named_as_such_whatever_follows(data: bytes) -> None:
    assert refusal_of(MEMBER, data) is Refusal.WRONG_VERSION


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x91" * 5000,
        hello()[:-1],
        hello() + b"\x00",
        msgspec.msgpack.encode([0, True]),
        msgspec.msgpack.encode([0, PROTOCOL_VERSION]),
        msgspec.msgpack.encode({"version": 1}),
        encode_frame(Status(1, 1, Role.VALIDATOR)),
    ],
)
def test_what_is_no_hello(data: bytes) -> None:
    assert refusal_of(MEMBER, data) is Refusal.BAD_HELLO


def test_a_peers_reason_is_taken_only_if_we_know_it() -> None:
    assert read_refusal("wrong-chain") is Refusal.WRONG_CHAIN
    assert read_refusal("made up\n") is Refusal.UNKNOWN
    assert read_refusal(None) is Refusal.UNKNOWN
