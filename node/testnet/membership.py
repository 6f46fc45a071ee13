"""Changing the committee of a testnet: its validators' keys are all here, so they can vote at once."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from consensus import catalog
from ledger.address import encode_address
from ledger.keys import KeyPair
from ledger.transaction import Reconfigure, build
from node.api.models import SubmissionAnswer
from node.api.node_models import ValidatorsAnswer
from node.client import Client, ClientError, UnreachableError
from node.config import CONFIG_FILE, load_config
from node.identity import Identity, load_identity
from node.serving import get_served
from node.testnet.errors import ClusterError
from node.testnet.homes import KEY_FILE, Listen, SeedPeer, format_config
from node.testnet.network import Network, find_authority, open_network, write_member
from node.testnet.plan import Member, check_plan, make_member, save_plan
from node.testnet.prometheus_files import write_targets
from node.testnet.supervisor import Supervisor

VALID_HEIGHTS = 1_000
VOTE_TIMEOUT_S = 20.0
SEAT_TIMEOUT_S = 120.0
"""An idle chain needs a window's heights, one per idle pause, until a change takes effect."""
POLL_S = 0.1
UNDER_WAY = "tx-change-under-way"


@dataclass(frozen=True, slots=True)
class Change:
    """A committee with the validator `add`, without `remove` (32-byte keys, or empty).

    `faults` None leaves the number of faults as it is.
    """

    add: bytes = b""
    remove: bytes = b""
    faults: int | None = None

    def is_done(self, answer: ValidatorsAnswer) -> bool:
        """Is the committee in office what the change asks for."""
        keys = {one.public_key for one in answer.validators}
        return (not self.add or self.add in keys) and self.remove not in keys


@dataclass(frozen=True, slots=True)
class Carried:
    """A change in force: since which height, and how long that took from the first vote on."""

    since: int
    seconds: float


def read_key(member: Member) -> Identity:
    """The key of a node."""
    return load_identity(member.home / KEY_FILE)


def open_changing(home: Path) -> Network:
    """The network in `home`; raises `ClusterError` (committee-fixed) if its committee never changes."""
    network = open_network(home)
    genesis = network.genesis()
    spec = get_served(genesis.engine)
    parameters = catalog.parse_parameters(spec, genesis.engine_parameters)
    if spec.find_terms(parameters) is None:
        coin = " and tosses coins whose shares were dealt to it" if genesis.commitments else ""
        raise ClusterError(
            f"{spec.name} has one committee for good{coin}",
            reason="committee-fixed",
            advice="make a new network with the validators that you want",
        )
    return network


def extend_network(network: Network) -> Network:
    """Make the home of one more node, which follows; it calls all others, and not through relays."""
    plan = msgspec.structs.replace(network.plan, followers=network.plan.followers + 1)
    check_plan(plan)
    member = make_member(network.home, plan, network.plan.nodes)
    genesis = network.genesis()
    authority = find_authority(network.home, genesis)
    identity = Identity.generate()
    write_member(member, identity, authority, genesis, list_addresses(network), mining_workers=0)
    save_plan(network.home, plan)
    extended = Network(network.home, plan)
    write_targets(network.home, plan, extended.members)
    return extended


def list_addresses(network: Network) -> list[SeedPeer]:
    """All nodes, where they listen themselves."""
    return [
        SeedPeer(read_key(member).public_key.hex(), f"{member.host}:{member.p2p_port}")
        for member in network.members
    ]


def call_everybody(network: Network, index: int) -> bool:
    """Let a node call all others of the network too; is its configuration another one now."""
    member = network.member(index)
    config = load_config(member.home)
    known = [SeedPeer(seed.public_key, seed.address) for seed in config.p2p.seeds]
    keys = {seed.public_key for seed in known} | {read_key(member).public_key.hex()}
    missing = [seed for seed in list_addresses(network) if seed.public_key not in keys]
    if not missing:
        return False
    listen = Listen(config.p2p.host, config.p2p.port, config.api.port)
    text = format_config(
        config.name, config.role, listen, [*known, *missing], config.mining.workers
    )
    (member.home / CONFIG_FILE).write_text(text, encoding="utf-8")
    return True


async def prepare_candidate(supervisor: Supervisor, index: int) -> None:
    """A node that is to be a validator runs, is linked to all others, and has caught up."""
    if call_everybody(supervisor.network, index):
        await supervisor.stop([index])
    supervisor.start([index])
    await supervisor.wait_ready([index])


@asynccontextmanager
async def open_client(network: Network) -> AsyncIterator[Client]:
    """A client of some validator that answers; raises `ClusterError` (testnet-not-running)."""
    for member in network.members:
        async with Client(member.url, timeout_s=5) as client:
            try:
                is_ready = (await client.status()).ready
            except ClientError:
                continue
            if is_ready:
                yield client
                return
    raise ClusterError(
        "no node answers", reason="testnet-not-running", advice="start it: quorate testnet start"
    )


async def change_committee(network: Network, change: Change) -> Carried:
    """Vote with the validators' keys until the change is carried, and wait until it is in force.

    That is, until the nodes that it names know so too, those at least that run. Raises `ClusterError`
    (vote-refused, too-few-voters, committee-not-changed).
    """
    started = time.monotonic()
    deadline = started + SEAT_TIMEOUT_S
    async with open_client(network) as client:
        await vote_all(network, client, change)
        answer = await wait_in_force(client, change, deadline)
    carried = Carried(answer.since, time.monotonic() - started)
    for member in network.members:
        if read_key(member).public_key in (change.add, change.remove):
            async with Client(member.url, timeout_s=5) as client:
                with contextlib.suppress(UnreachableError):
                    await wait_in_force(client, change, deadline)
    return carried


async def wait_in_force(client: Client, change: Change, deadline: float) -> ValidatorsAnswer:
    """Until one node says that the change is in force; raises `ClusterError` after the deadline."""
    while not change.is_done(answer := await client.validators()):
        if time.monotonic() > deadline:
            raise ClusterError(
                "the committee is still the old one",
                reason="committee-not-changed",
                advice="look at `quorate committee show`: does the chain grow?",
            )
        await asyncio.sleep(POLL_S)
    return answer


async def vote_all(network: Network, client: Client, change: Change) -> None:
    """One validator after the other, until enough have voted."""
    keys = {(key := read_key(member)).public_key: key for member in network.members}
    answer = await client.validators()
    faults = answer.faults if change.faults is None else change.faults
    payload = Reconfigure(change.add, change.remove, faults)
    for validator in answer.validators:
        if validator.public_key not in keys:
            continue
        voted = await vote(client, KeyPair(keys[validator.public_key].seed), payload)
        if voted.status.value != "final" and voted.reason != UNDER_WAY:
            raise ClusterError(
                f"a vote is {voted.status.value}: {voted.reason}", reason="vote-refused"
            )
        now = await client.validators()
        if now.next is not None or change.is_done(now):
            return
    raise ClusterError(
        "the validators whose keys are here are too few",
        reason="too-few-voters",
        advice="let the others vote: quorate committee vote",
    )


async def vote(client: Client, key: KeyPair, payload: Reconfigure) -> SubmissionAnswer:
    """One validator's vote, final or refused."""
    status = await client.status()
    account = await client.account(encode_address(key.public_key))
    until = status.final_height + VALID_HEIGHTS
    envelope = build(status.chain_id, key, account.next_nonce, 0, until, payload)
    return await client.submit(envelope.raw, wait_s=VOTE_TIMEOUT_S)
