"""Asking the process with the relays how the links stand, and telling it to cut or mend them."""

import asyncio

import msgspec

from node.testnet.errors import ClusterError
from node.testnet.groups import Groups, format_groups
from node.testnet.links import locate_control
from node.testnet.network import Network
from node.testnet.supervisor import Supervisor
from node.testnet.switchboard import Answer, Ask, Cut, LinkState, Mend, Order, Refused, Slow

ANSWER_TIMEOUT_S = 2.0
START_TIMEOUT_S = 10.0
"""A process with relays that has just been started takes no orders yet."""
POLL_S = 0.1

_ANSWERS: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


async def order(network: Network, command: Order) -> Answer | None:
    """One order and its answer; None where nobody answers."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(*locate_control(network.plan))
            try:
                writer.write(msgspec.json.encode(command) + b"\n")
                return _ANSWERS.decode(await reader.readline())
            finally:
                writer.close()
    except (OSError, msgspec.MsgspecError):
        return None


async def ask_links(network: Network) -> LinkState | None:
    """How the links stand; None where nothing relays them."""
    answer = await order(network, Ask()) if network.plan.relayed else None
    return answer if isinstance(answer, LinkState) else None


async def switch_links(supervisor: Supervisor, groups: Groups) -> LinkState:
    """Part the groups, or with none make the network whole; done when this returns.

    Raises `ClusterError`: `testnet-not-running`, `links-not-relayed`, `links-down`, `bad-groups`.
    """
    return await command_links(supervisor, Cut(groups) if groups else Mend())


async def slow_links(supervisor: Supervisor, command: Slow) -> LinkState:
    """Make links slow; done when this returns.

    Raises `ClusterError`: `testnet-not-running`, `links-not-relayed`, `links-down`, `bad-links`.
    """
    return await command_links(supervisor, command)


async def command_links(supervisor: Supervisor, command: Cut | Mend | Slow) -> LinkState:
    """Give the order as soon as somebody takes it."""
    network = supervisor.network
    check_switchable(supervisor)
    deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
    while (answer := await order(network, command)) is None:
        if not supervisor.relays.is_running or asyncio.get_running_loop().time() > deadline:
            raise report_down(supervisor)
        await asyncio.sleep(POLL_S)
    if isinstance(answer, Refused):
        reason = "bad-links" if isinstance(command, Slow) else "bad-groups"
        raise ClusterError(answer.why, reason=reason)
    return answer


def check_switchable(supervisor: Supervisor) -> None:
    """Refuse a network whose links cannot be cut just now, and say why."""
    network = supervisor.network
    if not supervisor.processes():
        raise ClusterError(
            f"no node of the network in {network.home} runs",
            reason="testnet-not-running",
            advice="start it with `quorate testnet start`, or name another folder with --home",
        )
    if not network.plan.relayed:
        raise ClusterError(
            f"the nodes of the network in {network.home} call each other directly",
            reason="links-not-relayed",
            advice="make a new network with `quorate testnet`: its links can be cut",
        )
    if not supervisor.relays.is_running:
        raise report_down(supervisor)


def report_down(supervisor: Supervisor) -> ClusterError:
    """The error that says that the relays are gone."""
    return ClusterError(
        "the process that relays the links does not answer",
        reason="links-down",
        advice=f"its log is {supervisor.relays.log_path}; `quorate testnet start` starts it again",
    )


def describe_links(network: Network, state: LinkState | None) -> str:
    """One line for people; nothing to tell where nodes call each other directly."""
    if not network.plan.relayed:
        return ""
    if state is None:
        return "links: down, nothing relays them"
    slow = f", {state.slow} slow" if state.slow else ""
    if not state.groups:
        return f"links: whole, {state.links} in all{slow}"
    cut = f"{state.cut} of {state.links} cut"
    return f"links: partition {format_groups(state.groups)}, {cut}{slow}"
