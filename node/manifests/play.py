"""A manifest as it is played: each step at its time, and what was seen, kept for the account."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from consensus.errors import ConsensusError
from ledger.errors import LedgerError
from node.client import Client
from node.errors import NodeError
from node.manifests.director import Director
from node.manifests.loads import start_load
from node.manifests.manifest import Manifest
from node.manifests.quantities import format_duration
from node.manifests.steps import AnyStep, Expect, describe_nodes
from node.manifests.watch import Watch
from node.tasks import end
from node.testnet.network import Network
from node.testnet.supervisor import Supervisor
from node.testnet.verdict import RunningLoad

CLIENT_TIMEOUT_S = 5.0


@dataclass(slots=True)
class Scene:
    """One step, and what became of it; times are seconds from the start, None for what never was.

    `is_good` is None where nothing was expected of the step itself.
    """

    step: AnyStep
    began_s: float | None = None
    ended_s: float | None = None
    detail: str = ""
    is_good: bool | None = None


class Play:
    """Goes along with a run of a network; `say` gets a line for each step."""

    def __init__(
        self, manifest: Manifest, folder: Path, network: Network, say: Callable[[str], None]
    ) -> None:
        self.manifest = manifest
        self.scenes = [Scene(step) for step in manifest.step]
        self.watch = Watch(network.members)
        self.ended_s = 0.0
        self._folder = folder
        self._network = network
        self._say = say
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def start_load(self, clients: Sequence[Client]) -> RunningLoad | None:
        """The load that the manifest asks for."""
        return await start_load(self.manifest.load, self._folder, self._network, clients)

    async def begin(self, supervisor: Supervisor) -> None:
        """Time begins: every step waits for its own."""
        self._director = Director(supervisor, self.manifest.seed, self.watch.add)
        await self.watch.start(supervisor.condition)
        self._stack.push_async_callback(self.watch.close)
        self._tasks = [
            asyncio.create_task(self._play(scene), name="manifest-step") for scene in self.scenes
        ]

    def check(self) -> None:
        """Raise what is nobody's fault but ours."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()

    def describe(self) -> list[str]:
        """How far it is, and what comes next."""
        now_s = self.watch.now_s
        total = format_duration(self.manifest.duration)
        lines = [f"{self.manifest.title or 'manifest'}: {now_s:.0f}s of {total}"]
        coming = [scene for scene in self.scenes if scene.began_s is None]
        if coming:
            step = coming[0].step
            wait_s = max(step.at / 1_000 - now_s, 0)
            lines.append(f"next, in {wait_s:.0f}s: {step.describe()}")
        return lines

    async def mend(self) -> Sequence[Client]:
        """The play is over: steps that still go on are waited for, then all nodes take part again."""
        self.ended_s = self.watch.now_s
        begun = [
            task
            for task, scene in zip(self._tasks, self.scenes, strict=True)
            if scene.began_s is not None
        ]
        await end(*(task for task in self._tasks if task not in begun))
        await asyncio.gather(*begun)
        await self._director.mend()
        return [
            await self._stack.enter_async_context(Client(member.url, CLIENT_TIMEOUT_S))
            for member in self._director.late
        ]

    async def close(self) -> None:
        """Look no more."""
        await end(*self._tasks)
        await self._stack.aclose()

    async def _play(self, scene: Scene) -> None:
        """Wait until it is time, and do it; what cannot be done is told in the account."""
        step = scene.step
        await asyncio.sleep(max(step.at / 1_000 - self.watch.now_s, 0))
        scene.began_s = self.watch.now_s
        try:
            if isinstance(step, Expect):
                await self._look(step, scene)
            else:
                scene.detail = await self._director.perform(step)
        except (NodeError, LedgerError, ConsensusError, OSError) as error:
            scene.is_good, scene.detail = False, str(error)
        scene.ended_s = self.watch.now_s
        self._tell(scene)

    async def _look(self, step: Expect, scene: Scene) -> None:
        """Has anything become final of late."""
        assert scene.began_s is not None
        since_s = scene.began_s - step.over / 1_000
        if step.expect == "forked":
            scene.detail = self.watch.find_conflict(since_s, scene.began_s)
            scene.is_good = bool(scene.detail)
            return
        if step.expect == "agreed":
            height, scene.is_good = self.watch.find_common(scene.began_s)
            scene.detail = f"all nodes' heads were seen at height {height}"
            return
        if step.nodes is None:
            seen = self.watch.list_progress()
            moved = [since_s < at <= scene.began_s for at, _ in seen]
            scene.is_good = any(moved) == (step.expect == "final")
            scene.detail = f"{sum(moved)} final blocks in the last {format_duration(step.over)}"
            return
        nodes = await self._director.choose(step.nodes)
        counts = {
            node: sum(since_s < at <= scene.began_s for at, _ in self.watch.list_progress([node]))
            for node in nodes
        }
        wanted = step.expect == "final"
        scene.is_good = all(bool(count) == wanted for count in counts.values())
        told = ", ".join(f"node {node} {count}" for node, count in counts.items())
        scene.detail = f"final blocks of {describe_nodes(step.nodes)}: {told}"

    def _tell(self, scene: Scene) -> None:
        marks = {None: " ", True: "✓", False: "✗"}
        said = f"  ({scene.step.say})" if scene.step.say else ""
        line = f"{scene.began_s or 0:7.2f}s {marks[scene.is_good]} {scene.step.describe()}"
        self._say(f"{line}: {scene.detail}{said}" if scene.detail else f"{line}{said}")
