"""One spelling per value, and signatures over exactly that."""

import hashlib

import msgspec
import pytest

from consensus.errors import DecodeError
from consensus.message import (
    NULL_DIGEST,
    Codec,
    Message,
    Signed,
    compute_digest,
    compute_vote_context,
    encode,
    sign_message,
)


class Vote(Message, tag="test-vote", frozen=True):
    height: int


class Bundle(Message, tag="test-bundle", frozen=True):
    votes: tuple[Signed[Vote], ...]
    note: bytes = b""


class Envelope(Message, tag="test-envelope", frozen=True):
    vote: Signed[Vote]
    value: bytes


CODEC = Codec(Signed[Vote | Bundle] | Envelope)


def sign(body: bytes) -> bytes:
    return hashlib.sha512(b"mine" + body).digest()


def test_both_ways() -> None:
    message = Signed(3, Vote(7), bytes(64))
    assert CODEC.decode(CODEC.encode(message)) == message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x93\xa6signed\x03",
        encode(Envelope(Signed(1, Vote(1)), b"")) + b"\x00",
        msgspec.msgpack.encode(["signed", 3, ["test-vote", 7], b"", "more"]),
        msgspec.msgpack.encode(["signed", 3, ["test-vote", "7"], b""]),
        msgspec.msgpack.encode(["signed", 3, ["test-vote", 7.0], b""]),
        msgspec.msgpack.encode(["signed", 3, ["other", 7], b""]),
        msgspec.msgpack.encode({"signer": 3}),
        b"\x94\xa6signed\x03\x92\xa9test-vote\xcc\x07\xc4\x00",
    ],
    ids=["none", "bad", "cut", "tail", "extra", "str", "float", "tag", "map", "long int"],
)
def test_anything_but_the_canonical_bytes_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        CODEC.decode(data)


def test_what_does_not_fit_in_64_bits_cannot_be_spelled() -> None:
    with pytest.raises(DecodeError):
        encode(Vote(2**64))


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(DecodeError):
        CODEC.decode(b"\x91" * 100_000)


def test_own_votes_are_signed_the_innermost_first() -> None:
    other = Signed(2, Vote(1), b"theirs")
    message = Signed(1, Bundle((other, Signed(1, Vote(2)))))
    signed = sign_message(message, sign)
    inner = signed.body.votes[1]
    assert inner.signature == sign(encode(Vote(2)))
    assert signed.signature == sign(encode(signed.body))
    assert signed.body.votes[0] is other


def test_a_signed_field_is_signed_and_the_rest_left_alone() -> None:
    message = Envelope(Signed(1, Vote(2)), b"value")
    signed = sign_message(message, sign)
    assert signed == Envelope(Signed(1, Vote(2), sign(encode(Vote(2)))), b"value")
    assert sign_message(signed, sign) is signed


def test_signed_parts_are_found_wherever_they_are() -> None:
    inner = Signed(2, Vote(1), b"a")
    outer = Signed(1, Bundle((inner, inner)), b"b")
    parts = list(outer.signed_parts())
    assert [(p.signer, p.signature) for p in parts] == [(1, b"b"), (2, b"a"), (2, b"a")]
    assert parts[1].body == encode(Vote(1))
    assert list(Bundle(()).signed_parts()) == []


def test_golden_bytes() -> None:
    assert encode(Signed(1, Vote(300), b"s")).hex() == (
        "94a67369676e65640192a9746573742d766f7465cd012cc40173"
    )
    assert NULL_DIGEST.hex() == hashlib.sha256(b"quorate/payload/1\x00").hexdigest()
    assert compute_digest(b"a") == hashlib.sha256(b"quorate/payload/1\x00a").digest()


def test_vote_contexts_do_not_run_into_each_other() -> None:
    contexts = {
        compute_vote_context(chain, engine)
        for chain in (b"a", b"ab", b"")
        for engine in ("b", "bb", "pbft")
    }
    assert len(contexts) == 9
