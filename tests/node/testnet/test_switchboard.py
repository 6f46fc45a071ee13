"""All relays of a network, without its nodes: the test plays both callers and validators."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from node.testnet.groups import Groups
from node.testnet.link_control import ask_links, describe_links, order
from node.testnet.links import list_links, locate_control
from node.testnet.network import Network
from node.testnet.plan import Plan
from node.testnet.slowness import Slowness
from node.testnet.switchboard import (
    Ask,
    Cut,
    LinkState,
    Mend,
    Order,
    Refused,
    Slow,
    run_switchboard,
)
from tests.cluster.harness import eventually, find_base_port


def make_network(home: Path, *, relayed: bool = True) -> Network:
    """Three validators and a follower, of which nothing exists but the plan."""
    base_port = find_base_port(4)
    return Network(home, Plan(validators=3, followers=1, base_port=base_port, relayed=relayed))


@contextlib.asynccontextmanager
async def run(network: Network) -> AsyncIterator[None]:
    """The switchboard, and an echo where each validator would listen."""
    servers = [
        await asyncio.start_server(echo, member.host, member.p2p_port)
        for member in network.members
        if member.role == "validator"
    ]
    stopping = asyncio.Event()
    running = asyncio.create_task(run_switchboard(network, stopping))
    try:
        async with asyncio.timeout(10):
            await eventually(lambda: is_up(network), "the switchboard answers")
            yield
    finally:
        stopping.set()
        await running
        for server in servers:
            server.close()


async def is_up(network: Network) -> bool:
    """Does it take orders."""
    return await ask_links(network) is not None


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say back what is said."""
    with contextlib.suppress(OSError):
        while data := await reader.read(100):
            writer.write(data)
    writer.close()


async def reach(network: Network) -> set[tuple[int, int]]:
    """Which node can call which."""
    reached = set()
    for link in list_links(network.members):
        reader, writer = await asyncio.open_connection(*link.listen)
        with contextlib.suppress(OSError):
            writer.write(b"hello")
            if await reader.read(5) == b"hello":
                reached.add((link.caller, link.called))
        writer.transport.abort()
    return reached


def list_reached(groups: Groups) -> set[tuple[int, int]]:
    """Who should reach whom: validators of the same group."""
    return {(i, j) for group in groups for i in group for j in group if j not in {i, 3}}


async def test_groups_are_cut_from_each_other_and_mended(tmp_path: Path) -> None:
    network = make_network(tmp_path)
    everybody = list_reached(((0, 1, 2, 3),))
    async with run(network):
        assert await reach(network) == everybody
        assert len(everybody) == 9
        for groups in (((0, 1), (2, 3)), ((0, 3), (1,), (2,)), ((0,), (1, 2, 3))):
            state = await order(network, Cut(groups))
            assert isinstance(state, LinkState)
            assert state.groups == groups
            assert await reach(network) == list_reached(groups)
            assert state.cut == 9 - len(list_reached(groups))
        assert isinstance(await order(network, Mend()), LinkState)
        assert await reach(network) == everybody


async def test_a_cut_is_complete_when_it_is_answered(tmp_path: Path) -> None:
    network = make_network(tmp_path)
    async with run(network):
        links = list_links(network.members)
        ends = [await asyncio.open_connection(*link.listen) for link in links]
        for reader, writer in ends:
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"hello"
        state = await ask_links(network)
        assert state is not None
        assert (state.links, state.cut, state.connections) == (9, 0, 9)
        await order(network, Cut(((0,), (1, 2, 3))))
        for link, (reader, writer) in zip(links, ends, strict=True):
            writer.write(b"again")
            heard = b""
            with contextlib.suppress(OSError):
                heard = await reader.read(5)
            assert (heard == b"") == ((link.caller == 0) != (link.called == 0))
            writer.transport.abort()

        async def is_empty() -> bool:
            told = await ask_links(network)
            return told is not None and told.connections == 0

        await eventually(is_empty, "nothing is left of the connections")


async def test_links_are_slowed_and_mended(tmp_path: Path) -> None:
    network = make_network(tmp_path)
    slowness = Slowness(delay_ms=50)
    async with run(network):

        async def count_slow(command: Order) -> int:
            state = await order(network, command)
            assert isinstance(state, LinkState)
            return state.slow

        assert await count_slow(Slow(slowness, ((0, 1),))) == 2
        assert await count_slow(Slow(slowness, ((3, 1),))) == 3
        assert await count_slow(Cut(((0, 1), (2, 3)))) == 3
        assert await count_slow(Slow(slowness)) == 9
        assert await count_slow(Mend()) == 0
        refused = await order(network, Slow(slowness, ((0, 7),)))
        assert refused == Refused("nothing relays between node 0 and node 7")
        assert isinstance(await order(network, Slow(Slowness(delay_ms=-1))), Refused)
        assert await count_slow(Slow(slowness, ((0, 1),))) == 2
        assert await count_slow(Slow(Slowness(), ((1, 0),))) == 0


async def test_orders_that_make_no_sense_change_nothing(tmp_path: Path) -> None:
    network = make_network(tmp_path)
    async with run(network):
        groups = ((0, 1), (2, 3))
        await order(network, Cut(groups))
        assert await order(network, Cut(((0, 1), (2,)))) == Refused("in no group: node 3")
        for line in (b"\n", b"GET / HTTP/1.1\n", b'{"type": "burn"}\n', b"[" * 4_000 + b"\n"):
            answer = msgspec.json.decode(await talk(network, line))
            assert answer["type"] == "refused"
        assert await talk(network, b"x" * 10_000 + b"\n") == b""
        state = await order(network, Ask())
        assert isinstance(state, LinkState)
        assert state.groups == groups


async def talk(network: Network, line: bytes) -> bytes:
    """Whatever comes back for a line."""
    reader, writer = await asyncio.open_connection(*locate_control(network.plan))
    answer = b""
    with contextlib.suppress(OSError):
        writer.write(line)
        answer = await reader.read()
    writer.transport.abort()
    return answer


async def test_an_address_that_is_taken_ends_it(tmp_path: Path) -> None:
    network = make_network(tmp_path)
    async with run(network):
        with pytest.raises(OSError, match="in use"):
            await run_switchboard(network, asyncio.Event())
        assert await ask_links(network) is not None


async def test_where_nothing_relays_there_is_nothing_to_tell(tmp_path: Path) -> None:
    direct = make_network(tmp_path, relayed=False)
    assert await ask_links(direct) is None
    assert describe_links(direct, None) == ""
    relayed = make_network(tmp_path)
    assert await ask_links(relayed) is None
    assert describe_links(relayed, None) == "links: down, nothing relays them"
    assert describe_links(relayed, LinkState((), 9, 0, 6)) == "links: whole, 9 in all"
    parted = LinkState(((0, 1), (2, 3)), 9, 6, 1)
    assert describe_links(relayed, parted) == "links: partition 0,1/2,3, 6 of 9 cut"
    slow = LinkState((), 9, 0, 6, 2)
    assert describe_links(relayed, slow) == "links: whole, 9 in all, 2 slow"
