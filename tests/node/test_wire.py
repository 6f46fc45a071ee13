"""Frames: golden bytes, canonical decoding, limits per kind."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import wire
from node.wire import (
    BLOCKS_BYTES_MAX,
    IDS_BYTES_MAX,
    KINDS,
    MESSAGE_BYTES_MAX,
    PACK_BYTES_MAX,
    PACK_COUNT_MAX,
    SMALL_BYTES_MAX,
    TRANSACTIONS_COUNT_MAX,
    Announce,
    BlockBundle,
    Blocks,
    Bodies,
    CoinShare,
    Consensus,
    Declined,
    Frame,
    FrameError,
    FrameTooLargeError,
    GetBlocks,
    GetBodies,
    Hello,
    Lane,
    Role,
    Status,
    Transactions,
    decode_frame,
    encode_frame,
    join_frames,
    kind_of,
    read_kind,
    split_message,
)

CHAIN = bytes(32)
SHARE = b"\xc4\x20" + bytes(32) + b"\xc4\x40" + bytes(64) + b"\xc3"
GOLDEN = [
    (Hello(1, CHAIN, Role.VALIDATOR, 5, "v-0"), "960001c420" + "00" * 32 + "0105a3762d30"),
    (Status(7, 6, Role.FOLLOWER), "9401070600"),
    (Consensus(b"\x01\x02"), "9202c4020102"),
    (Transactions((b"a", b"bc")), "920392c40161c4026263"),
    (Announce(b"\x09" * 32), "9204c420" + "09" * 32),
    (GetBodies(1, b""), "930501c400"),
    (Bodies(1, (b"x",)), "93060191c40178"),
    (GetBlocks(2, 3, 4), "9507020304c3"),
    (
        Blocks(2, (BlockBundle(3, (b"v",), b"s", b"", (b"t",)),)),
        "93080291950391c40176c40173c40091c40174",
    ),
    (Declined(2, "busy"), "930902a462757379"),
    (
        CoinShare((7, 1), b"\x09" * 32, b"\x08" * 64, is_wanted=True),
        "950a920701c420" + "09" * 32 + "c440" + "08" * 64 + "c3",
    ),
]


@pytest.mark.parametrize(("frame", "golden"), GOLDEN, ids=lambda v: type(v).__name__)
def test_golden_bytes(frame: Frame, golden: str) -> None:
    assert encode_frame(frame).hex() == golden
    assert decode_frame(bytes.fromhex(golden)) == frame


def test_every_kind_has_a_golden_frame() -> None:
    assert sorted(bytes.fromhex(golden)[1] for _, golden in GOLDEN) == sorted(KINDS)


def test_lanes_by_kind() -> None:
    assert {kind_of(frame).name: kind_of(frame).lane for frame, _ in GOLDEN} == {
        "hello": Lane.CONSENSUS,
        "status": Lane.CONSENSUS,
        "consensus": Lane.CONSENSUS,
        "transactions": Lane.TRANSACTIONS,
        "announce": Lane.TRANSACTIONS,
        "get_bodies": Lane.BLOCKS,
        "bodies": Lane.BLOCKS,
        "get_blocks": Lane.BLOCKS,
        "blocks": Lane.BLOCKS,
        "coin_share": Lane.CONSENSUS,
        "declined": Lane.BLOCKS,
    }


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "frame-garbage"),
        (b"\x92", "frame-garbage"),
        (b"GET / HTTP/1.1", "frame-garbage"),
        (b"\x92\xcc\x02\xc4\x00", "frame-garbage"),  # the tag, not in its shortest form
        (b"\x92\xff\xc4\x00", "frame-garbage"),
        (b"\x92\x0b\xc4\x00", "frame-unknown-tag"),
        (b"\x95\x0a\x90" + SHARE, "frame-malformed"),  # a coin without a name
        (b"\x95\x0a\x99" + bytes(range(9)) + SHARE, "frame-malformed"),  # too long a name
        (b"\x95\x0a\x91\xff" + SHARE, "frame-malformed"),  # a negative number
        (b"\x95\x0a\x91\x01" + SHARE[:-2] + b"\xc3", "frame-malformed"),  # a byte short
        (b"\x92\x0f\x90", "frame-unknown-tag"),  # a pack is not a frame
        (b"\x92\x02", "frame-malformed"),
        (b"\x92\x02\xc4\x05ab", "frame-malformed"),
        (b"\x92\x02\xa1a", "frame-malformed"),
        (b"\x92\x02\xc4\x01a\x00", "frame-malformed"),  # a byte too many
        (b"\x93\x02\xc4\x01a\x00", "frame-malformed"),  # a field too many
        (b"\x92\x02\xc5\x00\x01a", "frame-malformed"),  # a length, not in its shortest form
        (b"\x94\x01\x07\xcc\x06\x00", "frame-malformed"),
        (b"\x94\x01\x07\xff\x00", "frame-malformed"),  # a negative height
        (b"\x94\x01\x07\x06\x09", "frame-malformed"),  # no such role
        (b"\x94\x07\x02\x03\x04", "frame-malformed"),  # a field short
        (b"\x95\x07\x02\x03\x00\xc3", "frame-malformed"),  # none asked for
        (b"\x95\x07\x02\x03\xcd\x04\x01\xc3", "frame-malformed"),  # too many asked for
        (b"\x92\x03\xdd\xff\xff\xff\xff", "frame-malformed"),  # four thousand million items
        (b"\x92\x03\x91\x91\x91", "frame-malformed"),
        (b"\x94\x01\x07\x06\x00" + bytes(300), "frame-oversize"),
    ],
)
def test_what_is_not_a_frame(data: bytes, reason: str) -> None:
    with pytest.raises(FrameError) as caught:
        decode_frame(data)
    assert caught.value.reason == reason


@given(st.binary(max_size=300))
def test_any_bytes_decode_canonically_or_raise_frame_error(data: bytes) -> None:
    try:
        frame = decode_frame(data)
    except FrameError:
        return
    assert encode_frame(frame) == data


@given(st.sampled_from([bytes.fromhex(golden) for _, golden in GOLDEN]), st.data())
def test_a_flipped_byte_decodes_canonically_or_raises(good: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(good) - 1))
    flipped = bytearray(good)
    flipped[at] ^= data.draw(st.integers(1, 255))
    test_any_bytes_decode_canonically_or_raise_frame_error.hypothesis.inner_test(bytes(flipped))  # type: ignore[attr-defined]


def test_our_own_frame_beyond_its_limit_is_an_error_here() -> None:
    with pytest.raises(FrameTooLargeError):
        encode_frame(Consensus(bytes(wire.CONSENSUS_BYTES_MAX)))
    assert len(encode_frame(Consensus(bytes(wire.CONSENSUS_BYTES_MAX - 8)))) > 0


def test_size_is_judged_before_decoding() -> None:
    with pytest.raises(FrameError) as caught:
        read_kind(b"\x92\x04" + bytes(IDS_BYTES_MAX + 100))
    assert caught.value.reason == "frame-oversize"


def test_counts_within_a_frame_are_bounded() -> None:
    data = encode_frame(Transactions((b"",) * TRANSACTIONS_COUNT_MAX))
    assert isinstance(decode_frame(data), Transactions)
    with pytest.raises(FrameError):
        decode_frame(msgspec.msgpack.encode([3, [b""] * (TRANSACTIONS_COUNT_MAX + 1)]))


def test_names_and_reasons_are_plain() -> None:
    for bad in ("line\nbreak", "end\n", "<script>", "x" * 65):
        with pytest.raises(FrameError):
            decode_frame(encode_frame(Hello(1, CHAIN, Role.VALIDATOR, 5, bad)))
        with pytest.raises(FrameError):
            decode_frame(encode_frame(Declined(1, bad)))


def test_limits_fit_into_each_other() -> None:
    assert max(kind.size_bytes_max for kind in KINDS.values()) <= MESSAGE_BYTES_MAX
    assert SMALL_BYTES_MAX < PACK_BYTES_MAX < BLOCKS_BYTES_MAX


def test_one_frame_is_a_message_of_itself() -> None:
    data = encode_frame(Consensus(b"a"))
    assert join_frames([data]) is data
    assert split_message(data) == (data,)


def test_several_frames_are_packed() -> None:
    frames = [encode_frame(Consensus(bytes([n]))) for n in range(PACK_COUNT_MAX)]
    message = join_frames(frames)
    assert message not in frames
    assert list(split_message(message)) == frames


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x92\x0f\x90", "frame-malformed"),
        (b"\x92\x0f\x91\xc4\x00", "frame-malformed"),  # one frame needs no pack
        (b"\x92\x0f\x92\xc4\x00\xc4", "frame-malformed"),
        (b"\x92\x0f" + bytes(80_000), "frame-oversize"),
        (msgspec.msgpack.encode([15, [b""] * (PACK_COUNT_MAX + 1)]), "frame-malformed"),
        (b"", "frame-garbage"),
    ],
)
def test_what_is_not_a_pack(data: bytes, reason: str) -> None:
    with pytest.raises(FrameError) as caught:
        split_message(data)
    assert caught.value.reason == reason


def test_packs_do_not_nest() -> None:
    inner = join_frames([encode_frame(Consensus(b"a"))] * 2)
    for frame in split_message(join_frames([inner, inner])):
        with pytest.raises(FrameError):
            decode_frame(frame)
