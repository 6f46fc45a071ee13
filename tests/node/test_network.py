"""Whole networks in one event loop: they decide, agree, and go on without some of their members."""

import asyncio

from ledger.transaction import Envelope
from node.api.backend import NodeState, Outcome, TransactionStatus
from node.peers.records import PeerAddress
from tests.node.conftest import MakeCluster
from tests.node.support import QUICK_ENGINE, Cluster, until


async def test_four_validators_finalise_and_hold_equal_roots(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    payments = cluster.pay(40)
    for index in range(4):
        await cluster.submit(index, payments[index * 10 : index * 10 + 10])
    await cluster.until_final(payments)
    await cluster.until_level()
    cluster.assert_agreement()
    roots = {node.core.chain.head.state_root for node in cluster.running}
    assert len(roots) == 1
    assert all(not node.host.alarms for node in cluster.running)


async def test_an_idle_network_comes_to_rest_certified(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    await cluster.submit(0, cluster.pay(1))

    def is_at_rest() -> bool:
        chains = [node.core.chain for node in cluster.running]
        return all(chain.height == chain.certified_height > 0 for chain in chains)

    await until(is_at_rest)
    heights = {node.core.chain.height for node in cluster.running}
    assert heights == {QUICK_ENGINE["checkpoint_interval"]}


async def test_one_validator_alone(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(1)
    await cluster.start()
    payments = cluster.pay(5)
    await cluster.submit(0, payments)
    await cluster.until_final(payments)
    chain = cluster.nodes[0].core.chain
    await until(lambda: chain.certified_height == chain.height)
    cluster.assert_agreement()
    await cluster.until_ready()


async def test_a_body_crosses_each_link_at_most_once(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    payments = cluster.pay(200)
    await cluster.submit(2, payments)
    await cluster.until_final(payments)
    await cluster.until_level()
    size = sum(len(payment.raw) for payment in payments)
    for index, node in cluster.nodes.items():
        sample = node.core.metrics.registry.get_sample_value
        labels = {"direction": "in", "kind": "transactions"}
        pushed = sample("quorate_peer_bytes_total", labels) or 0
        fetched = sample("quorate_peer_bytes_total", labels | {"kind": "bodies"}) or 0
        assert pushed + fetched <= (0 if index == 2 else 1.1 * size)


async def test_the_same_transaction_again_is_known_everywhere(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    payments = cluster.pay(3)
    await cluster.submit(0, payments)
    raws = [payment.raw for payment in payments]
    (first, *_) = await cluster.nodes[0].service.submit(raws)
    assert first.outcome is Outcome.KNOWN
    await cluster.until_final(payments)
    for node in cluster.running:
        answers = await node.service.submit(raws)
        assert {answer.outcome for answer in answers} == {Outcome.KNOWN}
        assert {answer.status for answer in answers} == {TransactionStatus.FINAL}
    await cluster.until_level()
    cluster.assert_agreement()


async def test_submitted_to_all_at_once_it_is_final_once(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    payments = cluster.pay(20)
    raws = [payment.raw for payment in payments]
    answers = await asyncio.gather(*(node.service.submit(raws) for node in cluster.running))
    outcomes = {answer.outcome for given in answers for answer in given}
    assert outcomes <= {Outcome.ACCEPTED, Outcome.KNOWN}
    await cluster.until_final(payments)
    await cluster.until_level()
    cluster.assert_agreement()
    chain = cluster.nodes[0].core.chain
    included = [id_ for height in range(1, chain.height + 1) for id_ in chain.block(height).ids]
    assert sorted(included) == sorted(payment.id for payment in payments)


async def test_a_closed_primary_is_replaced(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    await cluster.until_final(await paid(cluster, 1))
    await cluster.stop(0)
    payments = await paid(cluster, 2, index=2)
    await cluster.until_final(payments)
    await cluster.until_level()
    cluster.assert_agreement()
    views = {node.service.engine_view().view for node in cluster.running}
    assert min(views) >= 1


async def test_without_a_quorum_nothing_is_decided_and_the_reason_is_shown(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    await cluster.start(0, 1)
    await cluster.until_linked()
    payments = await paid(cluster, 1)
    await until(lambda: payments[0].id in cluster.nodes[1].core.mempool)
    finding = cluster.nodes[0].service.engine_view().findings[0]
    assert finding.text == (
        "2 of 4 validators unreachable (validator-2, validator-3); 3 are needed, 2 are there"
    )
    assert cluster.nodes[0].core.chain.height == 0
    await cluster.start(2)
    await cluster.until_final(payments)
    cluster.assert_agreement()


async def test_a_body_reaches_a_validator_that_its_pusher_has_no_link_to(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    keys = [node.core.identity.public_key for node in cluster.running]
    node = cluster.nodes[3]
    node.peers._seeds = ()
    broadcast = node.peers.broadcast

    def only_to_one(frame: object, only: object = None) -> int:
        return broadcast(frame, only=[keys[1]] if only is None else only)  # type: ignore[arg-type]

    node.peers.broadcast = only_to_one  # type: ignore[method-assign]
    payments = cluster.pay(5)
    await cluster.submit(3, payments)
    await cluster.until_final(payments)
    cluster.assert_agreement()


async def test_a_follower_verifies_and_serves_and_never_votes(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    await cluster.start()
    await cluster.until_linked()
    before = await paid(cluster, 20)
    await cluster.until_final(before)
    index = cluster.add_follower()
    await cluster.start(index)
    follower = cluster.nodes[index]
    await cluster.until_final(before, [follower])
    payments = await paid(cluster, 10, index=index)
    await cluster.until_final(payments)
    await cluster.until_level()
    cluster.assert_agreement()
    await cluster.until_ready()
    status = follower.service.status()
    assert (status.role, status.state) == ("follower", NodeState.READY)
    labels = {"direction": "out", "kind": "consensus"}
    sample = follower.core.metrics.registry.get_sample_value
    assert not sample("quorate_peer_frames_total", labels)
    validator = cluster.nodes[0].core.chain
    await until(lambda: follower.core.chain.certified_height == validator.certified_height > 0)


async def test_a_follower_serves_another_follower(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(1)
    await cluster.start()
    payments = await paid(cluster, 30)
    await cluster.until_final(payments)
    first = cluster.add_follower()
    await cluster.start(first)
    await cluster.until_final(payments)
    second = cluster.add_follower()
    node = cluster.make(second)
    address = f"127.0.0.1:{cluster.nodes[first].p2p_port}"
    key = cluster.identity(first).public_key.hex()
    make_peers = node._make_peers

    def call_only_the_first() -> object:
        peers = make_peers()
        peers._seeds = (PeerAddress.parse(address, key),)
        return peers

    node._make_peers = call_only_the_first  # type: ignore[method-assign,assignment]
    await node.start()
    cluster.nodes[second] = node
    await cluster.until_final(payments, [node])
    assert len(node.peers.connected()) == 1
    cluster.assert_agreement()


async def paid(cluster: Cluster, count: int, index: int = 0) -> list[Envelope]:
    payments = cluster.pay(count)
    await cluster.submit(index, payments)
    return payments
