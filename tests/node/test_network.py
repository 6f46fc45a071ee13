"""Whole networks in one event loop: they decide, agree, and go on without some of their members."""

from tests.node.conftest import MakeCluster
from tests.node.support import until


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


async def test_one_validator_alone(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(1)
    await cluster.start()
    payments = cluster.pay(5)
    await cluster.submit(0, payments)
    await cluster.until_final(payments)
    chain = cluster.nodes[0].core.chain
    await until(lambda: chain.certified_height == chain.height)
    cluster.assert_agreement()
