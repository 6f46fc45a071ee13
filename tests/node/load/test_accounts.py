import pytest

from node.load import stream as stream_module
from node.load.accounts import GRANT, open_payers
from node.load.errors import LoadError
from tests.node.fake_network import FakeClient, FakeNetwork
from tests.node.load.conftest import ALICE


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "POLL_S", 0.002)


async def test_accounts_are_funded_once(network: FakeNetwork, clients: list[FakeClient]) -> None:
    network.balances[ALICE.public_key] = 10 * GRANT
    payers = await open_payers(clients, ALICE, 5)
    assert [network.balances[payer.key.public_key] for payer in payers] == [GRANT] * 5
    assert [payer.nonce for payer in payers] == [0] * 5
    again = await open_payers(clients, ALICE, 5)
    assert network.balances[ALICE.public_key] == 5 * GRANT
    assert [one.key.public_key for one in again] == [one.key.public_key for one in payers]


async def test_a_poor_faucet_is_told(network: FakeNetwork, clients: list[FakeClient]) -> None:
    network.balances[ALICE.public_key] = GRANT + 1
    with pytest.raises(LoadError) as failure:
        await open_payers(clients, ALICE, 3)
    assert failure.value.reason == "load-not-funded"
