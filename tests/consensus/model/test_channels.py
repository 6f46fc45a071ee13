"""Promises of channels: broken by hand, kept by the simulator's links."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.model.channels import Channel, explain_breach
from consensus.model.links import Links, Loss, Order
from consensus.model.timing import (
    Asynchronous,
    Synchronous,
    UnknownBound,
    UnknownStabilisation,
    World,
    classify,
)
from consensus.simulation.cluster import make_cluster
from consensus.simulation.links import Quality

SYNC, PARTIAL = Synchronous(10), UnknownStabilisation(10, gst_ms=100)
LOSING, FREE = UnknownStabilisation(10, gst_ms=100, loses_before=True), Asynchronous()


def explain(
    sent: dict[int, int],
    received: list[tuple[int, int]],
    world: World = SYNC,
    loss: Loss = Loss.RELIABLE,
    order: Order = Order.NONE,
    until_ms: int = 1_000,
) -> str | None:
    links = Links(loss, order, classify(world))
    return explain_breach(Channel(sent, received), links, world, until_ms)


@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize("world", [SYNC, PARTIAL, FREE])
def test_no_link_makes_messages_up(loss: Loss, world: World) -> None:
    assert explain({}, [(1, 5)], world, loss) == "message 1 was received and never sent"
    assert explain({1: 6}, [(1, 5)], world, loss) == "message 1 was received before it was sent"


@pytest.mark.parametrize(("loss", "broken"), [(Loss.RELIABLE, True), (Loss.FAIR_LOSSY, False)])
def test_reliable_links_deliver_once(loss: Loss, broken: bool) -> None:
    assert (explain({1: 0}, [(1, 5), (1, 6)], loss=loss) is not None) is broken


@pytest.mark.parametrize(("order", "broken"), [(Order.FIFO, True), (Order.NONE, False)])
def test_first_in_first_out(order: Order, broken: bool) -> None:
    word = explain({1: 0, 2: 0}, [(2, 5), (1, 5)], order=order)
    assert word == ("message 1 was overtaken" if broken else None)


def test_an_old_copy_disorders_nothing() -> None:
    received = [(1, 5), (2, 6), (1, 7)]
    assert explain({1: 0, 2: 0}, received, SYNC, Loss.FAIR_LOSSY, Order.FIFO) is None


@pytest.mark.parametrize(
    ("world", "at_ms", "broken"),
    [
        (SYNC, 10, False),
        (SYNC, 11, True),
        (UnknownBound(10), 11, True),
        (PARTIAL, 110, False),
        (PARTIAL, 111, True),
        (FREE, 999_999, False),
    ],
)
@pytest.mark.parametrize("loss", Loss)
def test_bounds(world: World, at_ms: int, broken: bool, loss: Loss) -> None:
    assert (explain({1: 0}, [(1, at_ms)], world, loss) is not None) is broken


@pytest.mark.parametrize(
    ("world", "loss", "until_ms", "broken"),
    [
        (SYNC, Loss.RELIABLE, 10, True),
        (SYNC, Loss.RELIABLE, 9, False),
        (SYNC, Loss.FAIR_LOSSY, 999, False),
        (PARTIAL, Loss.RELIABLE, 109, False),
        (PARTIAL, Loss.RELIABLE, 110, True),
        (LOSING, Loss.RELIABLE, 999, False),
        (FREE, Loss.RELIABLE, 999_999, False),
    ],
)
def test_what_is_lost(world: World, loss: Loss, until_ms: int, broken: bool) -> None:
    assert (explain({1: 0}, [], world, loss, until_ms=until_ms) is not None) is broken


@given(
    delays=st.lists(st.integers(0, 10), max_size=30),
    gaps=st.lists(st.integers(0, 5), min_size=30, max_size=30),
)
def test_whatever_a_synchronous_link_does_within_its_bound_is_no_breach(
    delays: list[int], gaps: list[int]
) -> None:
    sent = {number: sum(gaps[:number]) for number in range(len(delays))}
    arrivals = sorted((sent[number] + delay, number) for number, delay in enumerate(delays))
    assert explain(sent, [(number, at_ms) for at_ms, number in arrivals]) is None


def record(
    quality: Quality, *, size: int = 4, for_ms: int = 3_000
) -> dict[tuple[int, int], Channel]:
    """What the links of a busy cluster did, by channel."""
    cluster = make_cluster(size=size, seed=7, is_traced=True)
    cluster.links.quality = quality
    cluster.start()
    for number in range(20):
        cluster.submit(f"item{number}")
        cluster.run(for_ms // 20)
    cluster.run(1_000)
    channels: dict[tuple[int, int], Channel] = defaultdict(Channel)
    assert cluster.trace is not None
    for entry in cluster.trace.entries:
        if entry.kind == "send":
            targets = range(size) if entry.peer is None else [entry.peer]
            for target in targets:
                channels[entry.place, target].sent_ms[entry.number] = entry.at_ms
        elif entry.kind == "receive" and entry.number:
            channels[entry.origin, entry.place].received.append((entry.number, entry.at_ms))
    return {pair: channel for pair, channel in channels.items() if pair[0] != pair[1]}


@pytest.mark.parametrize(
    ("quality", "links"),
    [
        (Quality(5, 20), Links(Loss.RELIABLE, Order.NONE)),
        (Quality(5, 20, is_fifo=True), Links(Loss.RELIABLE, Order.FIFO)),
        (Quality(5, 20, loss_permille=200, duplicates_permille=200), Links(Loss.FAIR_LOSSY)),
    ],
)
def test_the_links_of_the_simulator_are_what_the_model_says(quality: Quality, links: Links) -> None:
    channels = record(quality)
    assert len(channels) == 12
    world = Synchronous(20)
    promised = Links(links.loss, links.order, classify(world))
    for channel in channels.values():
        assert len(channel.received) > 20
        assert explain_breach(channel, promised, world, 4_000) is None


def test_and_no_better() -> None:
    lossy = record(Quality(5, 20, loss_permille=200, duplicates_permille=200)).values()
    promised, world = Links(Loss.RELIABLE, Order.NONE, classify(SYNC)), Synchronous(20)
    assert all(explain_breach(channel, promised, world, 4_000) for channel in lossy)
    unordered = record(Quality(5, 20)).values()
    fifo = Links(Loss.RELIABLE, Order.FIFO, classify(SYNC))
    assert any(explain_breach(channel, fifo, world, 4_000) for channel in unordered)
    assert any(explain_breach(channel, promised, Synchronous(19), 4_000) for channel in unordered)
