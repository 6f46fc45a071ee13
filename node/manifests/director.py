"""Carries out what a manifest says is done to a network."""

import random
import signal
from collections import Counter
from collections.abc import Callable, Sequence

from node.client import Client, ClientError
from node.manifests.errors import ManifestError
from node.manifests.steps import (
    AddValidator,
    AnyDeed,
    Heal,
    Kill,
    Nodes,
    Partition,
    Pause,
    RemoveValidator,
    Restart,
    Resume,
    SlowLink,
)
from node.testnet.groups import parse_groups
from node.testnet.link_control import slow_links, switch_links
from node.testnet.links import list_links
from node.testnet.membership import (
    Change,
    change_committee,
    extend_network,
    prepare_candidate,
    read_key,
)
from node.testnet.network import Network
from node.testnet.plan import Member
from node.testnet.processes import Condition
from node.testnet.slowness import Slowness
from node.testnet.supervisor import Supervisor
from node.testnet.switchboard import Slow

ANSWER_TIMEOUT_S = 1.0


class Director:
    """Acts on the processes and links of one network; `on_added` hears of nodes that come later."""

    def __init__(
        self, supervisor: Supervisor, seed: int, on_added: Callable[[Member], None]
    ) -> None:
        self._supervisor = supervisor
        self._seed = seed
        self._chance = random.Random(seed)  # noqa: S311 - who is hit, not a secret
        self._on_added = on_added
        self._first = supervisor.network

    @property
    def network(self) -> Network:
        """The network as it is now: with the nodes that were added."""
        return self._supervisor.network

    @property
    def late(self) -> Sequence[Member]:
        """The nodes that came after the start."""
        return self.network.members[self._first.plan.nodes :]

    async def perform(self, deed: AnyDeed) -> str:
        """Do it; returns whom it was done to. Raises `NodeError` where it cannot be done."""
        match deed:
            case Kill() | Restart() | Pause() | Resume():
                return await self._command_nodes(deed)
            case Partition() | Heal() | SlowLink():
                return await self._set_links(deed)
            case AddValidator():
                return await self._add_validator(deed)
            case RemoveValidator():
                return await self._remove_validator(deed)

    async def _command_nodes(self, deed: Kill | Restart | Pause | Resume) -> str:
        indices = await self.choose(deed.nodes)
        match deed:
            case Kill():
                await self._supervisor.kill(indices)
            case Restart():
                await self._supervisor.restart(indices)
            case Pause():
                self._supervisor.signal(indices, signal.SIGSTOP)
            case Resume():
                self._supervisor.signal(indices, signal.SIGCONT)
        return name_nodes(indices)

    async def mend(self) -> None:
        """Links are whole, whoever is paused goes on, whoever is down is started; all are ready."""
        await switch_links(self._supervisor, ())
        if paused := self._find(Condition.PAUSED):
            self._supervisor.signal(paused, signal.SIGCONT)
        self._supervisor.start()
        await self._supervisor.wait_ready()

    async def choose(self, nodes: Nodes) -> list[int]:
        """Who is meant just now; raises `ManifestError` (nobody-meant)."""
        match nodes:
            case "leader":
                return [await self.find_leader()]
            case "random":
                found = [self._chance.choice(running)] if (running := self._running()) else []
            case "all":
                found = list(range(self.network.plan.nodes))
            case "down":
                found = self._find(Condition.GONE)
            case "paused":
                found = self._find(Condition.PAUSED)
            case _:
                return list(nodes)
        if not found:
            raise ManifestError(
                f"no node is {'running' if nodes == 'random' else nodes} just now",
                reason="nobody-meant",
                advice="name nodes by their numbers, or put the step elsewhere",
            )
        return found

    async def find_leader(self) -> int:
        """The node that most nodes follow; raises `ManifestError` (nobody-leads)."""
        keys = {read_key(member).public_key: member.index for member in self.network.members}
        told: Counter[int] = Counter()
        for member in self.network.members:
            if self._supervisor.registry.get(member.index) is None:
                continue
            async with Client(member.url, ANSWER_TIMEOUT_S) as client:
                try:
                    validators = (await client.validators()).validators
                except ClientError:
                    continue
            told.update(keys[one.public_key] for one in validators if one.is_leader)
        if not told:
            raise ManifestError(
                "nobody leads just now",
                reason="nobody-leads",
                advice="where no node leads, as with pow, name nodes by numbers or `random`",
            )
        return told.most_common(1)[0][0]

    def _find(self, condition: Condition) -> list[int]:
        members = self.network.members
        return [m.index for m in members if self._supervisor.condition(m.index) is condition]

    def _running(self) -> list[int]:
        return self._find(Condition.RUNNING)

    async def _set_links(self, deed: Partition | Heal | SlowLink) -> str:
        match deed:
            case Partition():
                state = await switch_links(
                    self._supervisor, parse_groups(deed.groups, self._first.plan.nodes)
                )
                return f"{state.cut} of {state.links} links cut"
            case Heal():
                state = await switch_links(self._supervisor, ())
                return f"{state.links} links whole"
            case SlowLink():
                pairs = await self._choose_links(deed)
                slowness = Slowness(deed.delay, deed.jitter, deed.rate or 0)
                order = Slow(slowness, pairs, self._seed)
                state = await slow_links(self._supervisor, order)
                return f"{state.slow} of {state.links} links slow"

    async def _choose_links(self, deed: SlowLink) -> tuple[tuple[int, int], ...]:
        """The pairs of nodes whose links are meant; none for all."""
        if deed.nodes is None:
            ends = [link.split("-") for link in deed.links]
            return tuple((int(one), int(other)) for one, other in ends)
        slow = set(await self.choose(deed.nodes))
        links = list_links(self._first.members)
        return tuple((one.caller, one.called) for one in links if {one.caller, one.called} & slow)

    async def _add_validator(self, deed: AddValidator) -> str:
        index = deed.node
        if index is None:
            index = self.network.plan.nodes
            self._supervisor.network = extend_network(self.network)
            self._on_added(self.network.member(index))
        await prepare_candidate(self._supervisor, index)
        add = read_key(self.network.member(index)).public_key
        carried = await change_committee(self.network, Change(add=add, faults=deed.faults))
        return f"node {index} decides above height {carried.since}"

    async def _remove_validator(self, deed: RemoveValidator) -> str:
        remove = read_key(self.network.member(deed.node)).public_key
        carried = await change_committee(self.network, Change(remove=remove, faults=deed.faults))
        return f"node {deed.node} follows above height {carried.since}"


def name_nodes(indices: Sequence[int]) -> str:
    """Numbers for people."""
    return ", ".join(f"node {index}" for index in sorted(set(indices)))
