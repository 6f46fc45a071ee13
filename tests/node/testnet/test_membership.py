"""A change is in force when the nodes that it names know so too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

from node.client import Client, UnreachableError
from node.testnet import membership as module
from node.testnet.errors import ClusterError
from node.testnet.membership import Change, change_committee, read_key, wait_in_force
from node.testnet.network import Network, create_network
from node.testnet.plan import Plan

CHANGE = Change(add=b"new", remove=b"old")


def answer(*keys: bytes, since: int = 8) -> Any:
    validators = [SimpleNamespace(public_key=key) for key in keys]
    return SimpleNamespace(validators=validators, since=since)


class FakeNode:
    """Knows of the change after so many questions; None: it does not answer."""

    def __init__(self, before: int | None, keys: tuple[bytes, ...] = (b"new",)) -> None:
        self.before, self.keys, self.asked = before, keys, 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def validators(self) -> Any:
        if self.before is None:
            raise UnreachableError("nobody listens")
        self.asked += 1
        return answer(*self.keys) if self.asked > self.before else answer(b"old")


def test_when_a_change_is_done() -> None:
    assert CHANGE.is_done(answer(b"one", b"new"))
    assert not CHANGE.is_done(answer(b"one"))
    assert not CHANGE.is_done(answer(b"new", b"old"))
    assert Change(remove=b"old").is_done(answer(b"one"))
    assert Change(add=b"new").is_done(answer(b"new", b"old"))


def test_some_committees_are_for_good(tmp_path: Path) -> None:
    create_network(tmp_path / "pbft", Plan())
    assert module.open_changing(tmp_path / "pbft").plan.engine == "pbft"
    for engine, word in (("benor", "committee for good"), ("acs", "coins")):
        create_network(tmp_path / engine, Plan(engine=engine))
        with pytest.raises(ClusterError, match=word) as caught:
            module.open_changing(tmp_path / engine)
        assert caught.value.reason == "committee-fixed"


async def test_a_node_is_asked_until_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_S", 0)
    node: Any = FakeNode(3)
    deadline = asyncio.get_running_loop().time() + 60
    assert (await wait_in_force(node, CHANGE, deadline)).since == 8
    assert node.asked == 4


async def test_but_not_for_ever() -> None:
    node: Any = FakeNode(3)
    with pytest.raises(ClusterError) as caught:
        await wait_in_force(node, CHANGE, deadline=0)
    assert caught.value.reason == "committee-not-changed"
    assert "quorate committee show" in caught.value.advice


@pytest.mark.parametrize("old", [2, None])
async def test_those_who_come_and_go_are_waited_for_if_they_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: int | None
) -> None:
    network = create_network(tmp_path / "net", Plan(validators=4, followers=1))
    keys = [read_key(member).public_key for member in network.members]
    seated = tuple(keys[1:])
    nodes = {member.url: FakeNode(0, seated) for member in network.members}
    nodes[network.member(0).url] = FakeNode(old, seated)
    nodes[network.member(4).url] = FakeNode(5, seated)

    @asynccontextmanager
    async def open_one(_network: Network) -> AsyncIterator[Client]:
        yield nodes[network.member(1).url]  # type: ignore[misc]

    async def vote_nothing(*_: object) -> None:
        pass

    monkeypatch.setattr(module, "open_client", open_one)
    monkeypatch.setattr(module, "vote_all", vote_nothing)
    monkeypatch.setattr(module, "POLL_S", 0)
    monkeypatch.setattr(module, "Client", lambda url, timeout_s: nodes[url])
    carried = await change_committee(network, Change(keys[4], keys[0]))
    assert carried.since == 8
    asked = [nodes[member.url].asked for member in network.members]
    assert asked == [0 if old is None else old + 1, 1, 0, 0, 6]
