"""Networks that anybody may join: who is let in, as whom, and how many of them."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
import uvloop

from node.identity import Identity
from node.open_identity import make_dialling_context, make_listening_context, make_proof
from node.peers.credentials import CHALLENGE_HEADER, read_challenge
from node.peers.handshake import REFUSED_CODE
from node.peers.listener import PATH
from node.peers.records import PeerAddress
from node.wire import Consensus, Role
from tests.node.peers.harness import (
    CHAIN_ID,
    QUICK,
    Member,
    Puppet,
    linked,
    make_members,
    running,
    until,
)

ELSEWHERE = "127.77.0.1"
"""Loopback too, and of another group than 127.0.0.1."""


def make_stranger() -> Member:
    """Nobody has heard of this one."""
    (member,) = make_members(1, followers=1, is_open=True)
    return member


@contextlib.asynccontextmanager
async def call(
    target: Member,
    caller: Identity,
    *,
    proof: bytes | None = None,
    host: str = "127.0.0.1",
    listener: bytes | None = None,
) -> AsyncIterator[Puppet]:
    """A puppet that has answered the challenge, by the book unless told, and not greeted yet."""
    connector = aiohttp.TCPConnector(
        ssl=make_dialling_context(target.id), force_close=True, local_addr=(host, 0)
    )
    headers: list[str | None] = []

    async def note(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        response = await handler(request)
        headers.append(response.headers.get(CHALLENGE_HEADER))
        return response

    async with (
        aiohttp.ClientSession(connector=connector, middlewares=(note,)) as session,
        session.ws_connect(f"wss://127.0.0.1:{target.peers.port}{PATH}", autoping=False) as ws,
    ):
        challenge = read_challenge(headers[0])
        assert challenge is not None
        actor = replace(make_stranger(), identity=caller)
        one = Puppet(actor, ws)
        named = target.id if listener is None else listener
        await one.say_bytes(proof or make_proof(caller, CHAIN_ID, named, challenge))
        yield one


async def refused(target: Member, caller: Identity, **options: str | bytes) -> str | None:
    """The reason that a stranger is given; it says hello, if it is asked to."""
    async with call(target, caller, **options) as one:  # type: ignore[arg-type]
        await one.say(one.hello())
        code, reason = await one.hear_close()
        return reason if code == REFUSED_CODE else None


async def visit(stack: contextlib.AsyncExitStack, target: Member, host: str = "127.0.0.1") -> None:
    """A stranger that is let in, and stays until the stack is left."""
    one = await stack.enter_async_context(call(target, Identity.generate(), host=host))
    await one.say(one.hello())
    await one.hear()


async def meet() -> None:
    """Two members and a stranger, linked, know each other by their keys and are heard."""
    *members, stranger = make_members(3, followers=1, is_open=True)
    assert stranger.id not in members[0].network.members
    assert not members[0].network.authority
    async with running([*members, stranger]):
        await linked([*members, stranger])
        roles = {info.peer_id: info.role for info in members[1].peers.connected()}
        assert roles == {members[0].id: "validator", stranger.id: "follower"}
        stranger.peers.broadcast(Consensus(b"news"))
        await until(lambda: all((stranger.id, Consensus(b"news")) in m.frames for m in members))


async def test_a_network_takes_in_whom_it_has_never_heard_of() -> None:
    await meet()


def test_the_same_on_uvloop() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(meet())


async def test_a_stranger_is_no_validator() -> None:
    (member,) = make_members(1, is_open=True)
    async with running([member]), call(member, Identity.generate()) as one:
        await one.say(one.hello(role=Role.VALIDATOR))
        assert (await one.hear_close())[1] == "wrong-role"


async def test_whoever_proves_nothing_is_refused() -> None:
    (member,) = make_members(1, is_open=True)
    caller = Identity.generate()
    other = Identity.generate().public_key
    stale = make_proof(caller, CHAIN_ID, member.id, b"x" * 32)
    async with running([member]):
        assert await refused(member, caller, proof=stale) == "bad-proof"
        assert await refused(member, caller, proof=b"short") == "bad-proof"
        assert await refused(member, caller, listener=other) == "bad-proof"
        assert member.metrics.refusals["bad-proof"] == 3
        assert member.changes == []


async def refuse_impostor() -> None:
    """A dialler that wants one key meets another: it ends the handshake and says nothing."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            heard.append(await reader.read())
        writer.close()

    context = make_listening_context(Identity.generate())
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    (member,) = make_members(1, is_open=True)
    member.seeds = (PeerAddress("127.0.0.1", port, Identity.generate().public_key),)
    try:
        async with running([member]):
            await until(lambda: member.metrics.dial_failures["tls-foreign-certificate"])
        assert set(heard) <= {b""}
    finally:
        server.close()


async def test_the_key_is_looked_at_before_anything_is_said() -> None:
    await refuse_impostor()


def test_it_is_on_uvloop_too() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(refuse_impostor())


async def test_open_and_permissioned_networks_do_not_mix() -> None:
    (open_one,) = make_members(1, is_open=True)
    (closed_one,) = make_members(1)
    async with running([closed_one, open_one]):
        await until(lambda: open_one.metrics.dial_failures)
    async with running([open_one, closed_one]):
        await until(lambda: closed_one.metrics.dial_failures)
    assert open_one.changes == closed_one.changes == []


async def test_strangers_of_one_group_fill_only_their_share() -> None:
    limits = replace(QUICK, strangers_group_max=2)
    members = make_members(2, is_open=True, limits=limits)
    async with running(members), contextlib.AsyncExitStack() as stack:
        await linked(members)
        await visit(stack, members[0])
        await visit(stack, members[0])
        assert await refused(members[0], Identity.generate()) == "too-many-of-group"
        await visit(stack, members[0], ELSEWHERE)
        await members[1].restart()  # a member has no part in the share of its group
        await until(lambda: members[0].peers.is_connected(members[1].id))


async def test_a_place_in_the_group_is_free_again() -> None:
    (member,) = make_members(1, is_open=True, limits=replace(QUICK, strangers_group_max=1))
    async with running([member]):
        for _ in range(2):
            async with contextlib.AsyncExitStack() as stack:
                await visit(stack, member)
                assert await refused(member, Identity.generate()) == "too-many-of-group"
            await until(lambda: not member.peers.connected())


async def test_a_new_key_does_not_wash_an_address() -> None:
    members = make_members(2, is_open=True)
    async with running(members), contextlib.AsyncExitStack() as stack:
        await linked(members)
        await visit(stack, members[0])
        (stranger,) = {info.peer_id for info in members[0].peers.connected()} - {members[1].id}
        members[0].peers.penalise(stranger, "test", 100.0)
        assert await refused(members[0], Identity.generate()) == "banned"
        await visit(stack, members[0], ELSEWHERE)
        await members[1].restart()
        await until(lambda: members[0].peers.is_connected(members[1].id))


async def test_misbehaviour_of_a_member_is_not_laid_at_its_address() -> None:
    members = make_members(2, is_open=True)
    async with running(members), contextlib.AsyncExitStack() as stack:
        await linked(members)
        members[0].peers.penalise(members[1].id, "test", 100.0)
        await visit(stack, members[0])


async def test_silent_callers_of_one_group_leave_the_door_open_for_others() -> None:
    limits = replace(QUICK, half_open_group_max=3)
    (member,) = make_members(1, is_open=True, limits=limits)
    async with running([member]), contextlib.AsyncExitStack() as stack:
        for _ in range(5):
            caller = stack.enter_context(socket.socket())
            caller.connect(("127.0.0.1", member.peers.port))
        await until(lambda: member.metrics.refusals["too-many-half-open-of-group"] == 2)
        await visit(stack, member, ELSEWHERE)


@pytest.mark.parametrize("header", [None, "", "zz", "00" * 31, "00" * 33])
def test_a_challenge_is_32_bytes(header: str | None) -> None:
    assert read_challenge(header) is None
    assert read_challenge("ab" * 32) == b"\xab" * 32
