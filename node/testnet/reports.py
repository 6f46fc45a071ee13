"""What a network's nodes say of themselves, beside what their processes do."""

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

import msgspec

from node.client import Client
from node.diagnosis.asking import ask_node
from node.diagnosis.network import Told
from node.testnet.forks import ForkReport, report_forks
from node.testnet.plan import Member
from node.testnet.processes import Condition
from node.testnet.supervisor import Supervisor

ANSWER_TIMEOUT_S = 3.0
DOWN, PAUSED, SILENT = "down", "paused", "silent"
CONDITIONS = {Condition.GONE: DOWN, Condition.PAUSED: PAUSED}
"""Processes that are not worth asking."""


class NodeReport(msgspec.Struct, frozen=True, kw_only=True):
    """One node. `state` is what it says itself, or `down`, `paused`, `silent`.

    The rest is None where the node does not answer.
    """

    index: int
    name: str
    role: str
    url: str
    state: str
    pid: int | None = None
    head: int | None = None
    head_id: str | None = None
    final_height: int | None = None
    certified_height: int | None = None
    peers: int | None = None
    pending: int | None = None
    view: int | None = None
    headline: str | None = None
    code: str | None = None
    alarms: tuple[str, ...] = ()
    forks: ForkReport | None = None

    def to_plain(self) -> dict[str, Any]:
        """For JSON, structures within included."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


class Reporter:
    """Asks all nodes of a network at once; an async context manager."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._members = supervisor.members()
        self.told: list[Told] = []
        """What the nodes said last."""
        self.clients = [Client(member.url, ANSWER_TIMEOUT_S) for member in self._members]
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for client in self.clients:
            await self._stack.enter_async_context(client)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def ask(self) -> list[NodeReport]:
        """One report per node, by number; takes at most `ANSWER_TIMEOUT_S`."""
        self.told = await asyncio.gather(*(self._ask_one(m) for m in self._members))
        return [self._report(m, told) for m, told in zip(self._members, self.told, strict=True)]

    async def _ask_one(self, member: Member) -> Told:
        condition = CONDITIONS.get(self._supervisor.condition(member.index), "")
        if condition:
            return Told(member.name, member.url, condition=condition)
        return await ask_node(self.clients[member.index], member.name, member.url)

    def _report(self, member: Member, told: Told) -> NodeReport:
        process = self._supervisor.registry.get(member.index)
        bare = NodeReport(
            index=member.index,
            name=member.name,
            role=member.role,
            url=member.url,
            state=told.condition or SILENT,
            pid=process.pid if process and told.condition != DOWN else None,
        )
        return complete_report(bare, told)


def complete_report(bare: NodeReport, told: Told) -> NodeReport:
    """Add what the node says, if it says anything."""
    status, engine = told.status, told.engine
    if status is None or engine is None:
        return bare
    return msgspec.structs.replace(
        bare,
        role=status.role,
        state=status.state.value,
        head=status.head_height,
        head_id=status.head_id.hex(),
        final_height=status.final_height,
        certified_height=status.certified_height,
        peers=status.peers,
        pending=status.pending,
        view=engine.view,
        headline=engine.headline,
        code=engine.findings[0].code.value,
        alarms=tuple(status.alarms),
        forks=report_forks(engine.forks),
    )
