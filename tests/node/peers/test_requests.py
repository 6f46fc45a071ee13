"""Answers find whoever asked, and only from the peer that was asked."""

import asyncio

import pytest

from node.peers.errors import PeerDeclined, PeerError, PeerGone
from node.peers.requests import GIVEN_UP_REMEMBERED, Requests, Settlement
from node.wire import Blocks, Bodies, Declined, GetBlocks, GetBodies

PEER, OTHER = b"p" * 32, b"o" * 32


async def test_an_answer_is_delivered_once() -> None:
    table = Requests()
    number, future = table.open(PEER, GetBodies(0, b""))
    answer = Bodies(number, (b"x",))
    assert table.settle(PEER, answer) is Settlement.DELIVERED
    assert await future == answer
    assert table.settle(PEER, answer) is Settlement.UNKNOWN
    assert len(table) == 0


async def test_numbers_are_distinct() -> None:
    table = Requests()
    numbers = [table.open(PEER, GetBlocks(0, 1, 1))[0] for _ in range(10)]
    assert len(set(numbers)) == 10


async def test_an_answer_from_another_peer_is_not_taken() -> None:
    table = Requests()
    number, future = table.open(PEER, GetBodies(0, b""))
    assert table.settle(OTHER, Bodies(number, ())) is Settlement.UNKNOWN
    assert not future.done()
    assert table.settle(PEER, Bodies(number, ())) is Settlement.DELIVERED


async def test_an_answer_of_the_wrong_kind_fails_the_request() -> None:
    table = Requests()
    number, future = table.open(PEER, GetBodies(0, b""))
    assert table.settle(PEER, Blocks(number, ())) is Settlement.WRONG_KIND
    with pytest.raises(PeerError):
        await future


async def test_a_declined_request_says_why() -> None:
    table = Requests()
    number, future = table.open(PEER, GetBlocks(0, 1, 1))
    assert table.settle(PEER, Declined(number, "pruned")) is Settlement.DELIVERED
    with pytest.raises(PeerDeclined) as caught:
        await future
    assert caught.value.reason == "pruned"


async def test_a_late_answer_is_no_misbehaviour_from_whom_it_was_asked() -> None:
    table = Requests()
    number, future = table.open(PEER, GetBodies(0, b""))
    table.close(number)
    assert future.cancelled()
    assert table.settle(PEER, Bodies(number, ())) is Settlement.LATE
    assert table.settle(OTHER, Bodies(number, ())) is Settlement.UNKNOWN


async def test_late_answers_are_not_remembered_for_ever() -> None:
    table = Requests()
    first, _ = table.open(PEER, GetBodies(0, b""))
    table.close(first)
    for _ in range(GIVEN_UP_REMEMBERED):
        table.close(table.open(PEER, GetBodies(0, b""))[0])
    assert table.settle(PEER, Bodies(first, ())) is Settlement.UNKNOWN


async def test_a_lost_link_fails_its_requests_alone() -> None:
    table = Requests()
    _, gone = table.open(PEER, GetBodies(0, b""))
    number, other = table.open(OTHER, GetBodies(0, b""))
    table.fail_all(PEER)
    with pytest.raises(PeerGone):
        await gone
    table.settle(OTHER, Bodies(number, ()))
    assert isinstance(await other, Bodies)


async def test_closing_what_is_answered_changes_nothing() -> None:
    table = Requests()
    number, future = table.open(PEER, GetBodies(0, b""))
    table.settle(PEER, Bodies(number, ()))
    table.close(number)
    assert not future.cancelled()
    assert table.settle(PEER, Bodies(number, ())) is Settlement.UNKNOWN
    await asyncio.wait_for(future, 1)
