from node.load.final_blocks import FinalBlocks
from tests.node.fake_network import FakeClient, FakeNetwork, unreachable
from tests.node.load.conftest import MakeParcels


async def test_each_block_is_handed_out_once_in_order(
    network: FakeNetwork, clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    blocks = FinalBlocks(clients, 0)
    for parcel in make_parcels(2):
        network.take(parcel.raw)
        network.seal()
    assert [block.height for block in await blocks.advance()] == [1, 2]
    assert await blocks.advance() == []
    network.seal()
    assert [(block.height, block.transactions) for block in await blocks.advance()] == [(3, [])]


async def test_failures_come_with_their_reasons(
    network: FakeNetwork, clients: list[FakeClient], make_parcels: MakeParcels
) -> None:
    (parcel,) = make_parcels(1, amount=5_000)
    network.take(parcel.raw)
    network.seal()
    (block,) = await FinalBlocks(clients, 0).advance()
    assert block.failed == {parcel.id: "tx-insufficient-balance"}


async def test_a_node_that_dies_half_way_leaves_no_hole(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    for _ in range(3):
        network.seal()
    blocks = FinalBlocks(clients, 0)
    clients[0].faults = [unreachable()]
    assert [block.height for block in await blocks.advance()] == [1, 2, 3]
    network.seal()
    clients[1].faults = ["answers the status", unreachable()]
    assert [block.height for block in await blocks.advance()] == [4]


async def test_where_nobody_answers_there_is_nothing(clients: list[FakeClient]) -> None:
    for client in clients:
        client.faults = [unreachable()]
    assert await FinalBlocks(clients, 0).advance() == []


async def test_a_node_that_lags_is_left_for_one_that_is_further(
    network: FakeNetwork, clients: list[FakeClient]
) -> None:
    network.seal()
    lagging = FakeClient(FakeNetwork({}))
    blocks = FinalBlocks([lagging, clients[0]], 0)
    assert [block.height for block in await blocks.advance()] == [1]
