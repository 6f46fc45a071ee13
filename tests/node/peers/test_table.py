"""One link per pair: which call wins, and when a new link replaces an old one."""

import asyncio
from dataclasses import dataclass

import pytest

from node.peers.handshake import Refusal
from node.peers.table import LinkTable

LOW, MIDDLE, HIGH = b"a" * 32, b"m" * 32, b"z" * 32


@dataclass(eq=False)
class FakeLink:
    peer_id: bytes
    outbound: bool = False
    instance: int = 1
    stopped: str | None = None


@pytest.fixture
def table() -> LinkTable[FakeLink]:
    return LinkTable(MIDDLE)


def test_a_caller_without_a_link_is_welcome(table: LinkTable[FakeLink]) -> None:
    assert table.judge_inbound(LOW, 1) is None
    assert table.judge_inbound(HIGH, 1) is None


def test_of_crossing_calls_the_lower_keys_wins(table: LinkTable[FakeLink]) -> None:
    assert table.begin_greeting(LOW)
    assert table.begin_greeting(HIGH)
    assert table.judge_inbound(LOW, 1) is None
    assert table.judge_inbound(HIGH, 1) is Refusal.DUPLICATE


@pytest.mark.parametrize("low_greets_first", [True, False])
def test_both_sides_of_crossing_calls_agree(low_greets_first: bool) -> None:
    """Whatever comes first, exactly one of the two calls is taken."""
    low: LinkTable[FakeLink] = LinkTable(LOW)
    high: LinkTable[FakeLink] = LinkTable(HIGH)
    assert high.begin_greeting(LOW)
    if low_greets_first:
        assert low.begin_greeting(HIGH)
        assert low.judge_inbound(HIGH, 1) is Refusal.DUPLICATE
        assert high.judge_inbound(LOW, 1) is None
    else:
        assert low.judge_inbound(HIGH, 1) is None
        low.add(FakeLink(HIGH))
        assert not low.begin_greeting(HIGH)


def test_a_failed_call_no_longer_stands_in_the_way(table: LinkTable[FakeLink]) -> None:
    table.begin_greeting(HIGH)
    table.end_greeting(HIGH)
    assert table.judge_inbound(HIGH, 1) is None


def test_only_one_call_to_a_peer_greets_at_a_time(table: LinkTable[FakeLink]) -> None:
    assert table.begin_greeting(HIGH)
    assert not table.begin_greeting(HIGH)


def test_nobody_linked_is_called(table: LinkTable[FakeLink]) -> None:
    table.add(FakeLink(HIGH))
    assert not table.begin_greeting(HIGH)


@pytest.mark.parametrize(
    ("peer", "outbound", "instance", "expected"),
    [
        (HIGH, True, 1, Refusal.DUPLICATE),  # its call that lost, arriving late
        (HIGH, True, 2, None),  # it has restarted
        (HIGH, False, 1, None),  # it lost the link it had made
        (LOW, True, 1, None),  # it lost the link and calls, as is its right
        (LOW, False, 1, None),
    ],
)
def test_a_new_call_from_a_linked_peer(
    table: LinkTable[FakeLink],
    peer: bytes,
    outbound: bool,
    instance: int,
    expected: Refusal | None,
) -> None:
    table.add(FakeLink(peer, outbound=outbound, instance=1))
    assert table.judge_inbound(peer, instance) is expected


def test_a_link_that_is_ending_stands_in_nobodys_way(table: LinkTable[FakeLink]) -> None:
    table.add(FakeLink(HIGH, outbound=True, stopped="idle"))
    assert table.judge_inbound(HIGH, 1) is None


def test_a_replaced_link_takes_nothing_with_it(table: LinkTable[FakeLink]) -> None:
    old, new = FakeLink(HIGH), FakeLink(HIGH)
    assert table.add(old) is None
    assert table.add(new) is old
    assert not table.remove(old)
    assert table.get(HIGH) is new
    assert table.remove(new)
    assert table.get(HIGH) is None
    assert len(table) == 0


async def test_waiting_until_a_peer_is_gone(table: LinkTable[FakeLink]) -> None:
    await table.wait_gone(HIGH)
    old, new = FakeLink(HIGH), FakeLink(HIGH)
    table.add(old)
    waiting = asyncio.create_task(table.wait_gone(HIGH))
    await asyncio.sleep(0)
    table.add(new)
    table.remove(old)
    await asyncio.sleep(0)
    assert not waiting.done()
    table.remove(new)
    await asyncio.wait_for(waiting, 1)


def test_links_may_leave_while_they_are_visited(table: LinkTable[FakeLink]) -> None:
    for peer in (LOW, HIGH):
        table.add(FakeLink(peer))
    for link in table:
        table.remove(link)
    assert list(table) == []
