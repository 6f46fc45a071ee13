"""Transactions on their way through a network in memory."""

from collections.abc import Callable

import pytest

from ledger.keys import KeyPair
from ledger.transaction import Transfer, build
from node.load.parcel import Parcel
from tests.node.fake_network import CHAIN_ID, FakeClient, FakeNetwork

ALICE, BOB = KeyPair(b"a" * 32), KeyPair(b"b" * 32)
MakeParcels = Callable[..., list[Parcel]]


@pytest.fixture
def network() -> FakeNetwork:
    """Alice has 1,000."""
    return FakeNetwork({ALICE.public_key: 1_000})


@pytest.fixture
def clients(network: FakeNetwork) -> list[FakeClient]:
    """Three nodes."""
    return [FakeClient(network, f"http://fake{index}") for index in range(3)]


@pytest.fixture
def make_parcels() -> MakeParcels:
    """Payments of Alice's to Bob with nonces from `first` on."""

    def make(count: int, first: int = 0, amount: int = 1) -> list[Parcel]:
        payment = Transfer(BOB.public_key, amount)
        made = [build(CHAIN_ID, ALICE, first + i, 0, 10**6, payment) for i in range(count)]
        return [Parcel(one.id.hex(), one.raw, 0.0) for one in made]

    return make
