"""All relays of a network in one process, and the door through which it takes orders.

Orders and answers are one line of JSON each, one order per connection:

    {"type": "ask"} | {"type": "cut", "groups": [[0, 1], [2, 3]]} | {"type": "mend"}
    {"type": "slow", "pairs": [[0, 1]], "slowness": {"delay_ms": 100}, "seed": 7}
    {"type": "state", "groups": [[0, 1], [2, 3]], "links": 12, "cut": 8, "connections": 4, "slow": 0}
    {"type": "refused", "why": "there is no node 7"}
"""

import asyncio
from typing import TypeAlias

import msgspec

from node.testnet.errors import ClusterError
from node.testnet.groups import Groups, are_parted, check_groups
from node.testnet.links import LinkPlan, list_links, locate_control
from node.testnet.network import Network
from node.testnet.relay import Relay
from node.testnet.slowness import NOT_SLOW, Slowness

ORDER_BYTES_MAX = 4_096
ORDER_TIMEOUT_S = 2.0


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """How does it stand."""


class Cut(msgspec.Struct, frozen=True, tag="cut"):
    """Cut every link between nodes of different groups, and mend all others."""

    groups: Groups


class Mend(msgspec.Struct, frozen=True, tag="mend"):
    """Mend every link: none is cut, none is slow."""


class Slow(msgspec.Struct, frozen=True, tag="slow"):
    """Make the links between these pairs of nodes slow, both ways; without pairs all links.

    What was cut stays so. Jitter is drawn from the seed, for each link apart.
    """

    slowness: Slowness
    pairs: tuple[tuple[int, int], ...] = ()
    seed: int = 0


class LinkState(msgspec.Struct, frozen=True, tag="state"):
    """How the links stand: the groups (none: nothing is cut), and how many relays are what."""

    groups: Groups
    links: int
    cut: int
    connections: int
    slow: int = 0


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The order makes no sense."""

    why: str


Order: TypeAlias = Ask | Cut | Mend | Slow
Answer: TypeAlias = LinkState | Refused
_ORDERS: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)


class Switchboard:
    """The relays of one network; every change of the groups is complete when it is answered."""

    def __init__(self, network: Network) -> None:
        self._nodes = network.plan.nodes
        self._control = locate_control(network.plan)
        self._relays = [(link, Relay(link.listen, link.target)) for link in list_network(network)]
        self._groups: Groups = ()
        self._server: asyncio.Server | None = None

    @property
    def state(self) -> LinkState:
        """How the links stand."""
        relays = [relay for _, relay in self._relays]
        return LinkState(
            self._groups,
            len(relays),
            sum(relay.is_cut for relay in relays),
            sum(relay.connections for relay in relays),
            sum(relay.is_slow for relay in relays),
        )

    async def open(self) -> None:
        """Listen everywhere; raises `OSError`."""
        for _, relay in self._relays:
            await relay.open()
        self._server = await asyncio.start_server(
            self._serve, *self._control, limit=ORDER_BYTES_MAX
        )

    async def close(self) -> None:
        """Drop everything."""
        if self._server is not None:
            self._server.close()
        for _, relay in self._relays:
            await relay.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ORDER_TIMEOUT_S):
                answer = self.obey(await reader.readuntil(b"\n"))
                writer.write(msgspec.json.encode(answer) + b"\n")
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever called has gone, or never said a line: there is nobody to answer
        finally:
            writer.close()

    def obey(self, line: bytes) -> Answer:
        """Carry out one order."""
        try:
            order = _ORDERS.decode(line)
        except msgspec.MsgspecError as error:
            return Refused(str(error))
        match order:
            case Ask():
                return self.state
            case Cut(groups):
                return self._cut(groups)
            case Mend():
                self._slow_down(Slow(NOT_SLOW))
                return self._switch(())
            case Slow():
                return self._slow(order)

    def _cut(self, groups: Groups) -> Answer:
        try:
            check_groups(groups, self._nodes)
        except ClusterError as error:
            return Refused(error.detail)
        return self._switch(groups)

    def _slow(self, order: Slow) -> Answer:
        known = {frozenset((link.caller, link.called)) for link, _ in self._relays}
        for one, other in order.pairs:
            if frozenset((one, other)) not in known:
                return Refused(f"nothing relays between node {one} and node {other}")
        if min(msgspec.structs.astuple(order.slowness)) < 0:
            return Refused("links have no negative delays")
        return self._slow_down(order)

    def _slow_down(self, order: Slow) -> LinkState:
        pairs = {frozenset(pair) for pair in order.pairs}
        for link, relay in self._relays:
            if not pairs or {link.caller, link.called} in pairs:
                relay.slow(order.slowness, f"{order.seed}/{link.caller}/{link.called}")
        return self.state

    def _switch(self, groups: Groups) -> LinkState:
        self._groups = groups
        for link, relay in self._relays:
            if are_parted(groups, link.caller, link.called):
                relay.cut()
            else:
                relay.mend()
        return self.state


def list_network(network: Network) -> list[LinkPlan]:
    """The links of a network; none where nodes call each other directly."""
    return list_links(network.members) if network.plan.relayed else []


async def run_switchboard(network: Network, stopping: asyncio.Event) -> None:
    """Relay until `stopping`; raises `OSError` where an address is taken."""
    switchboard = Switchboard(network)
    try:
        await switchboard.open()
        await stopping.wait()
    finally:
        await switchboard.close()
