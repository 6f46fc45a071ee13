"""Where the links of a network run: one relay for each call that one node can make to another.

Everybody calls the validators. In a relayed network node i calls validator j not at its own address
but at 127.1.i.(j + 1), on j's port: there a relay listens and passes everything on, so that the link
can be cut. The whole block 127.0.0.0/8 is loopback on Linux, so no further ports are taken.
"""

from collections.abc import Sequence
from typing import NamedTuple

from node.testnet.plan import Member, Plan

CONTROL_HOST = "127.1.255.254"
"""Here, on the network's base port, the process with the relays takes orders."""


class Address(NamedTuple):
    """Where a socket listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"


class LinkPlan(NamedTuple):
    """One relay: who calls whom through it, where it listens, and where the one called does."""

    caller: int
    called: int
    listen: Address
    target: Address


def make_link(caller: int, called: Member) -> LinkPlan:
    """The relay of calls from node `caller` to a validator."""
    listen = Address(f"127.1.{caller}.{called.index + 1}", called.p2p_port)
    return LinkPlan(caller, called.index, listen, Address(called.host, called.p2p_port))


def list_links(members: Sequence[Member]) -> list[LinkPlan]:
    """Every call that a node of the network makes."""
    return [
        make_link(caller.index, called)
        for caller in members
        for called in members
        if called.role == "validator" and caller.index != called.index
    ]


def locate_control(plan: Plan) -> Address:
    """Where the process with the relays takes orders."""
    return Address(CONTROL_HOST, plan.base_port)
