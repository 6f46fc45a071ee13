"""What waits for one peer: order, bounds, and what is dropped first."""

from dataclasses import replace

from node.peers.lanes import Lanes
from node.peers.limits import PeerLimits
from node.wire import Lane

LIMITS = replace(
    PeerLimits(),
    consensus_frames_max=2,
    blocks_frames_max=2,
    transactions_frames_max=3,
    transactions_bytes_max=100,
)


def test_consensus_before_blocks_before_transactions() -> None:
    lanes = Lanes(PeerLimits())
    for lane in (Lane.TRANSACTIONS, Lane.BLOCKS, Lane.CONSENSUS):
        for number in range(2):
            lanes.push(lane, f"{lane.name}{number}".encode())
    assert lanes.take(1000, 100) == [
        b"CONSENSUS0",
        b"CONSENSUS1",
        b"BLOCKS0",
        b"BLOCKS1",
        b"TRANSACTIONS0",
        b"TRANSACTIONS1",
    ]
    assert lanes.take(1000, 100) == []


def test_a_later_consensus_frame_overtakes_what_waits() -> None:
    lanes = Lanes(PeerLimits())
    lanes.push(Lane.TRANSACTIONS, b"t0")
    lanes.push(Lane.TRANSACTIONS, b"t1")
    assert lanes.take(1000, 1) == [b"t0"]
    lanes.push(Lane.CONSENSUS, b"c")
    assert lanes.take(1000, 1) == [b"c"]


def test_transactions_in_excess_are_dropped_as_they_come() -> None:
    lanes = Lanes(LIMITS)
    assert [lanes.push(Lane.TRANSACTIONS, bytes([n])) for n in range(5)] == [
        (True, 0),
        (True, 0),
        (True, 0),
        (False, 1),
        (False, 1),
    ]
    assert lanes.take(1000, 100) == [b"\0", b"\1", b"\2"]


def test_bytes_are_bounded_too() -> None:
    lanes = Lanes(LIMITS)
    assert lanes.push(Lane.TRANSACTIONS, bytes(60)) == (True, 0)
    assert lanes.push(Lane.TRANSACTIONS, bytes(41)) == (False, 1)
    assert lanes.push(Lane.TRANSACTIONS, bytes(40)) == (True, 0)
    assert lanes.size_bytes == 100


def test_of_consensus_the_oldest_go() -> None:
    lanes = Lanes(LIMITS)
    lanes.push(Lane.CONSENSUS, b"0")
    lanes.push(Lane.CONSENSUS, b"1")
    assert lanes.push(Lane.CONSENSUS, b"2") == (True, 1)
    assert lanes.take(1000, 100) == [b"1", b"2"]


def test_a_frame_larger_than_its_lane_is_dropped_alone() -> None:
    lanes = Lanes(replace(LIMITS, consensus_bytes_max=10))
    assert lanes.push(Lane.CONSENSUS, bytes(11)) == (False, 1)
    assert lanes.push(Lane.CONSENSUS, bytes(10)) == (True, 0)


def test_a_full_lane_takes_no_room_from_another() -> None:
    lanes = Lanes(LIMITS)
    while lanes.push(Lane.TRANSACTIONS, b"t")[0]:
        pass
    assert lanes.push(Lane.BLOCKS, b"b") == (True, 0)
    assert lanes.push(Lane.CONSENSUS, b"c") == (True, 0)


def test_taking_stops_at_the_limits_but_always_gives_one() -> None:
    lanes = Lanes(PeerLimits())
    for size in (500, 30, 30, 30, 30):
        lanes.push(Lane.BLOCKS, bytes(size))
    assert [len(data) for data in lanes.take(100, 10)] == [500]
    assert [len(data) for data in lanes.take(100, 2)] == [30, 30]
    assert [len(data) for data in lanes.take(59, 10)] == [30]
    assert lanes.size_bytes == 30


def test_small_urgent_frames_do_not_wait_for_a_large_one() -> None:
    lanes = Lanes(PeerLimits())
    lanes.push(Lane.BLOCKS, bytes(1000))
    lanes.push(Lane.CONSENSUS, b"c")
    assert lanes.take(100, 10) == [b"c"]
