"""What a network's nodes say of themselves, beside what their processes do."""

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

import msgspec

from node.client import Client, ClientError
from node.testnet.forks import ForkReport, report_forks
from node.testnet.plan import Member
from node.testnet.processes import Condition
from node.testnet.supervisor import Supervisor

ANSWER_TIMEOUT_S = 3.0
DOWN, PAUSED, SILENT = "down", "paused", "silent"


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
        return list(await asyncio.gather(*(self._ask_one(m) for m in self._members)))

    async def _ask_one(self, member: Member) -> NodeReport:
        process = self._supervisor.registry.get(member.index)
        condition = self._supervisor.condition(member.index)
        bare = NodeReport(
            index=member.index,
            name=member.name,
            role=member.role,
            url=member.url,
            state=SILENT,
            pid=process.pid if process else None,
        )
        if condition is Condition.GONE:
            return msgspec.structs.replace(bare, state=DOWN, pid=None)
        if condition is Condition.PAUSED:
            return msgspec.structs.replace(bare, state=PAUSED)
        try:
            return await complete_report(bare, self.clients[member.index])
        except ClientError:
            return bare


async def complete_report(bare: NodeReport, client: Client) -> NodeReport:
    """Add what the node says; raises `ClientError`."""
    status, engine = await asyncio.gather(client.status(), client.engine())
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
        alarms=tuple(status.alarms),
        forks=report_forks(engine.forks),
    )
