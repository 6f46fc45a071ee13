"""Who is meant by a word, and what is asked of processes and links, without any."""

import signal
from pathlib import Path
from typing import Any

import pytest

from node.manifests import director as module
from node.manifests.director import Director
from node.manifests.errors import ManifestError
from node.manifests.steps import Heal, Kill, Partition, Pause, Restart, Resume, SlowLink
from node.testnet.network import Network
from node.testnet.plan import Plan
from node.testnet.processes import Condition
from node.testnet.slowness import Slowness
from node.testnet.switchboard import LinkState, Slow


class Processes:
    """A supervisor that notes what it is asked for."""

    def __init__(self, tmp_path: Path) -> None:
        self.network = Network(tmp_path, Plan(validators=3, followers=1, relayed=True))
        self.conditions = dict.fromkeys(range(4), Condition.RUNNING)
        self.asked: list[Any] = []

    def condition(self, index: int) -> Condition:
        return self.conditions[index]

    async def kill(self, indices: list[int]) -> None:
        self.asked.append(("kill", indices))
        self.conditions.update(dict.fromkeys(indices, Condition.GONE))

    async def restart(self, indices: list[int]) -> None:
        self.asked.append(("restart", indices))

    def signal(self, indices: list[int], number: signal.Signals) -> None:
        self.asked.append((number.name, indices))
        self.conditions.update(dict.fromkeys(indices, Condition.PAUSED))

    def start(self) -> None:
        self.asked.append("start")

    async def wait_ready(self) -> None:
        self.asked.append("ready")


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Processes:
    made = Processes(tmp_path)

    async def switch(_supervisor: Any, groups: Any) -> LinkState:
        made.asked.append(("switch", groups))
        return LinkState(groups, 9, 6 if groups else 0, 0)

    async def slow(_supervisor: Any, order: Slow) -> LinkState:
        made.asked.append(order)
        return LinkState((), 9, 0, 0, 2)

    monkeypatch.setattr(module, "switch_links", switch)
    monkeypatch.setattr(module, "slow_links", slow)
    return made


def make_director(processes: Processes, seed: int = 1) -> Director:
    return Director(processes, seed, lambda _member: None)  # type: ignore[arg-type]


async def test_words_mean_whoever_is_so_at_that_moment(processes: Processes) -> None:
    director = make_director(processes)
    assert await director.choose("all") == [0, 1, 2, 3]
    assert await director.choose((2, 0)) == [2, 0]
    await director.perform(Kill(at="1s", do="kill", nodes=[1]))
    await director.perform(Pause(at="1s", do="pause", nodes=2))
    assert (await director.choose("down"), await director.choose("paused")) == ([1], [2])
    assert {(await director.choose("random"))[0] for _ in range(30)} == {0, 3}
    assert await director.perform(Restart(at="1s", do="restart")) == "node 1"
    assert await director.perform(Resume(at="1s", do="resume")) == "node 2"
    assert processes.asked == [
        ("kill", [1]), ("SIGSTOP", [2]), ("restart", [1]), ("SIGCONT", [2]),
    ]  # fmt: skip


async def test_the_seed_draws_who_is_hit(processes: Processes) -> None:
    draws = [
        [(await director.choose("random"))[0] for _ in range(12)]
        for director in (make_director(processes, seed) for seed in (1, 1, 2))
    ]
    assert draws[0] == draws[1] != draws[2]


async def test_nobody_is_meant(processes: Processes) -> None:
    director = make_director(processes)
    with pytest.raises(ManifestError, match="no node is down just now"):
        await director.choose("down")
    processes.conditions = dict.fromkeys(range(4), Condition.PAUSED)
    with pytest.raises(ManifestError, match="no node is running just now"):
        await director.choose("random")


async def test_links_are_cut_and_slowed_and_mended(processes: Processes) -> None:
    director = make_director(processes, seed=7)
    cut = await director.perform(Partition(at="1s", do="partition", groups="0,1/2,3"))
    assert cut == "6 of 9 links cut"
    slow = {"at": "1s", "do": "slow-link", "delay": "50ms", "rate": "1kB/s"}
    await director.perform(SlowLink(**slow))
    await director.perform(SlowLink(**slow, links=["0-2"]))
    assert await director.perform(SlowLink(**slow, nodes=3)) == "2 of 9 links slow"
    assert await director.perform(Heal(at="1s", do="heal")) == "9 links whole"
    slowness = Slowness(50, 0, 1_000)
    assert processes.asked == [
        ("switch", ((0, 1), (2, 3))),
        Slow(slowness, (), 7),
        Slow(slowness, ((0, 2),), 7),
        Slow(slowness, ((3, 0), (3, 1), (3, 2)), 7),
        ("switch", ()),
    ]


async def test_in_the_end_all_take_part_again(processes: Processes) -> None:
    director = make_director(processes)
    await director.perform(Pause(at="1s", do="pause", nodes=[0, 2]))
    await director.mend()
    assert processes.asked[1:] == [("switch", ()), ("SIGCONT", [0, 2]), "start", "ready"]
