"""`quorate status --why`: one node or several say why they move or stand still."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from node.api.node_models import EngineAnswer, FindingAnswer
from node.cli.output import answers, print_json
from node.client import Client
from node.diagnosis.asking import add_common_blocks, ask_node
from node.diagnosis.facts import Presence
from node.diagnosis.finding import Finding, Severity
from node.diagnosis.network import Told, conclude
from node.diagnosis.words import join_names, show_duration
from node.testnet.network import exists, open_network
from node.testnet.reports import ANSWER_TIMEOUT_S, Reporter
from node.testnet.supervisor import Supervisor

STYLES = {
    Severity.FAULT: "bold red",
    Severity.WARNING: "yellow",
    Severity.OK: "green",
    Severity.INFO: "dim",
}
PRESENCES = {Presence.SILENT: "yellow", Presence.UNREACHABLE: "red"}


async def ask_urls(urls: Sequence[str]) -> list[Told]:
    """What the nodes at these addresses say."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(url, ANSWER_TIMEOUT_S)) for url in urls]
        asking = (ask_node(one, "", url) for one, url in zip(clients, urls, strict=True))
        return await add_common_blocks(clients, await asyncio.gather(*asking))


def find_testnet() -> Path | None:
    """The present folder, if a testnet stands in it."""
    return Path() if exists(Path()) else None


async def ask_testnet(home: Path) -> list[Told]:
    """What the nodes of a network on this machine say; raises `ClusterError`."""
    async with Reporter(Supervisor(open_network(home))) as reporter:
        await reporter.ask()
        return await add_common_blocks(reporter.clients, reporter.told)


def explain(told: Sequence[Told], *, json: bool) -> bool:
    """Print what they say, and what follows from it; is there no fault."""
    findings = list_findings(told)
    if json:
        print_json(describe(told, findings))
    else:
        show_findings(findings)
        if len(told) == 1 and told[0].engine is not None:
            show_engine(told[0].engine)
        elif len(told) > 1:
            show_nodes(told)
    return findings[0].severity is not Severity.FAULT


def list_findings(told: Sequence[Told]) -> Sequence[Finding | FindingAnswer]:
    """A single node's own findings, or what follows from what several say."""
    if len(told) == 1 and told[0].engine is not None:
        return told[0].engine.findings
    return conclude(told)


def describe(told: Sequence[Told], findings: Sequence[Finding | FindingAnswer]) -> dict[str, Any]:
    """For machines: the same shape for one node and for many."""
    return {
        "headline": findings[0].text,
        "code": findings[0].code.value,
        "findings": [plain(finding) for finding in findings],
        "nodes": [describe_node(one) for one in told],
    }


def plain(finding: Finding | FindingAnswer) -> dict[str, Any]:
    """A finding for JSON."""
    if isinstance(finding, FindingAnswer):
        return finding.model_dump(mode="json")
    built: dict[str, Any] = msgspec.to_builtins(finding)
    return built


def describe_node(told: Told) -> dict[str, Any]:
    """One node for JSON; without an answer only who it is."""
    return {
        "name": told.name or None,
        "url": told.url,
        "process": told.condition or None,
        "answers": told.engine is not None,
        "head_height": told.status.head_height if told.status else None,
        "final_height": told.status.final_height if told.status else None,
        "engine": told.engine.model_dump(mode="json") if told.engine else None,
    }


def show_findings(findings: Sequence[Finding | FindingAnswer]) -> None:
    """One line each, and what to do beneath."""
    for finding in findings:
        line = Text(f"{finding.text}", style=STYLES[finding.severity])
        line.append(f"  [{finding.code.value}]", style="dim")
        answers.print(line, soft_wrap=True)
        if finding.advice:
            answers.print(Text(f"  → {finding.advice}"), soft_wrap=True)


def show_engine(engine: EngineAnswer) -> None:
    """Where the engine stands, and everybody it hears or does not."""
    line = f"{engine.engine}: {engine.phase}{describe_view(engine)}; next block {engine.height:,}"
    line += f", waits for {engine.waiting_for}"
    if engine.needed > 1:
        line += f": {len(engine.heard)} of {engine.needed} ({join_names(engine.heard)})"
    answers.print(Text(f"{line}; so for {show_duration(engine.in_phase_ms)}"), soft_wrap=True)
    is_voting = engine.needed > 1 and engine.forks is None
    voice = ["voice"] if is_voting else []
    table = make_plain_table("validator", "here", "for", "engine heard", "height", *voice)
    for member in engine.members:
        said = "yes" if member.name in engine.heard else "missing"
        table.add_row(
            member.name,
            Text(member.presence.value, style=PRESENCES.get(member.presence, "")),
            show_duration(member.presence_ms),
            "–" if member.heard_ms is None else f"{show_duration(member.heard_ms)} ago",
            "–" if member.height is None else f"{member.height:,}",
            *([said] if is_voting else []),
        )
    answers.print(table)


def describe_view(engine: EngineAnswer) -> str:
    """View and leader, where there are any."""
    if engine.forks is not None:
        return ""
    leads = "nobody leads" if engine.leader is None else f"{engine.leader} leads"
    return f" in view {engine.view}, {leads}"


def show_nodes(told: Sequence[Told]) -> None:
    """What each of several nodes says first of itself."""
    table = make_plain_table("node", "block", "view", "says")
    for one in told:
        if one.engine is None or one.headline is None or one.status is None:
            silence = Text(one.condition or "does not answer", style="red")
            table.add_row(one.name or one.url, "–", "–", silence)
            continue
        table.add_row(
            one.name or one.url,
            f"{one.status.head_height:,}",
            f"{one.engine.view:,}",
            Text(one.headline.text, style=STYLES[one.headline.severity]),
        )
    answers.print(table)


def make_plain_table(*columns: str) -> Table:
    """A table without frames."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
