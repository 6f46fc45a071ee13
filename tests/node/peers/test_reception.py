"""Who gets a link after TLS: the greeting over real sockets, refusals told to both sides."""

import random
from dataclasses import replace
from typing import Any

import pytest

from node.peers.dialler import Backoff
from node.peers.handshake import REFUSED_CODE
from node.peers.limits import PeerLimits
from node.peers.scores import FUTILE, WEIGHTS, Scores
from node.wire import PROTOCOL_VERSION, Consensus, Hello, Role, Status
from tests.node.peers.harness import (
    QUICK,
    Clock,
    Member,
    make_members,
    puppet,
    running,
    until,
)


async def refused(member: Member, actor: Member | None = None, **hello: Any) -> str | None:
    """The reason a puppet is given."""
    async with puppet(member, actor, greet=False) as one:
        await one.say(one.hello(**hello))
        code, reason = await one.hear_close()
        assert code == REFUSED_CODE
        return reason


@pytest.mark.parametrize(
    ("hello", "reason"),
    [
        ({"chain_id": b"another network, same authority!"}, "wrong-chain"),
        ({"version": PROTOCOL_VERSION + 1}, "wrong-version"),
        ({"role": Role.VALIDATOR}, "wrong-role"),
        ({"name": "bad name"}, "bad-hello"),
    ],
)
async def test_a_hello_that_does_not_fit(hello: dict[str, Any], reason: str) -> None:
    (member,) = make_members(1)
    async with running([member]):
        assert await refused(member, **hello) == reason
        assert member.metrics.refusals == {reason: 1, "connection-futile": 1}
        assert member.changes == []


async def test_anything_before_the_hello_is_refused() -> None:
    (member,) = make_members(1)
    async with running([member]):
        async with puppet(member, greet=False) as one:
            await one.say(Consensus(b"first!"))
            assert (await one.hear_close())[1] == "bad-hello"
        assert member.frames == []


async def test_the_acceptors_hello_comes_first_and_tells_who_it_is() -> None:
    (member,) = make_members(1)
    async with running([member]), puppet(member, greet=False) as one:
        await one.say(one.hello())
        hello = await one.hear()
        assert isinstance(hello, Hello)
        assert (hello.name, hello.role) == ("node-0", Role.VALIDATOR)
        assert isinstance(await one.hear(), Status)


async def test_nodes_of_two_chains_under_one_authority_tell_each_other() -> None:
    (one,) = make_members(1)
    (other,) = make_members(1, chain_id=b"x" * 32)
    async with running([one, other]):
        await until(lambda: other.metrics.dial_failures["wrong-chain"])
        assert one.metrics.refusals["wrong-chain"] >= 1
        assert one.changes == other.changes == []


async def test_a_node_with_our_own_key_is_refused() -> None:
    (member,) = make_members(1)
    async with running([member]):
        assert await refused(member, member) == "self"


async def test_too_many_followers_are_refused_but_members_get_in() -> None:
    members = make_members(2, limits=replace(QUICK, followers_max=1))
    async with running(members[:1]), puppet(members[0]):
        await until(lambda: len(members[0].peers.connected()) == 1)
        assert await refused(members[0]) == "too-many-followers"
        async with running(members[1:]):
            members[1].seeds = ()
            async with puppet(members[0], members[1], instance=99):
                await until(lambda: len(members[0].peers.connected()) == 2)


async def test_a_banned_peer_is_refused_until_the_ban_ends() -> None:
    (member,) = make_members(1)
    (actor,) = make_members(1, followers=1)
    clock = Clock()
    member.options["clock"] = clock
    async with running([member]):
        async with puppet(member, actor) as one:
            member.peers.penalise(actor.id, "a-reason", 500)
            assert await one.hear_close() == (REFUSED_CODE, "banned")
        await until(lambda: not member.peers.connected())
        assert member.metrics.bans == 1
        assert await refused(member, actor) == "banned"
        clock.ahead_s += QUICK.ban_s
        async with puppet(member, actor):
            await until(lambda: member.peers.is_connected(actor.id))


async def test_we_do_not_call_whom_we_banned() -> None:
    members = make_members(2)
    clock = Clock()
    members[1].options["clock"] = clock
    members[1].limits = replace(QUICK, ban_s=0.5)
    async with running(members):
        await until(members[1].peers.connected)
        members[1].peers.penalise(members[0].id, "a-reason", 500)
        await until(lambda: members[1].changes == [(members[0].id, True), (members[0].id, False)])
        assert members[1].peers._scores.banned_for_s(members[0].id) > 0
        await until(members[1].peers.connected)
        assert members[1].peers._scores.banned_for_s(members[0].id) == 0
        assert members[0].metrics.ups == 2


async def test_a_node_that_connects_over_and_over_is_shut_out() -> None:
    (member,) = make_members(1)
    (actor,) = make_members(1, followers=1)
    async with running([member]):
        while not member.metrics.bans:
            heard = member.metrics.ups
            async with puppet(member, actor):
                pass
            await until(lambda: sum(member.metrics.downs.values()) == heard + 1)  # noqa: B023
        assert 30 < member.metrics.refusals["connection-futile"] < 40
        assert await refused(member, actor) == "banned"


async def test_a_correct_node_that_is_turned_away_keeps_below_a_ban() -> None:
    """Its pauses grow to eight seconds, and penalties fade meanwhile."""
    limits = PeerLimits()
    now = 0.0
    scores = Scores(limits, lambda: now)
    backoff = Backoff(limits, Shortest())
    for _ in range(1000):
        assert not scores.penalise(b"peer", WEIGHTS[FUTILE])
        now += backoff.next_s()


class Shortest(random.Random):
    """The least patient jitter."""

    def uniform(self, a: float, b: float) -> float:
        return min(a, b)
