"""Linearizable reads over HTTP: what is read is read after the confirmation, and refusals advise."""

import pytest

from ledger.address import encode_address
from ledger.transaction import Record
from node.api.app import ROUTES
from node.api.backend import Freshness
from tests.node.api.conftest import LIMITS, Call, assert_problem
from tests.node.api.ledger_backend import ALICE, LedgerBackend

ADDRESS = encode_address(ALICE.public_key)
FRESH = "consistency=linearizable"
PATHS = [
    f"/v1/accounts/{ADDRESS}",
    f"/v1/accounts/{ADDRESS}/records/6b",
    f"/v1/transactions/{'00' * 32}",
    "/v1/blocks/head",
]


async def test_the_state_is_read_after_the_confirmation(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0, payload=Record(b"k", b"v"))

    def decide() -> None:
        if not backend.chain.height:
            backend.make_block(envelope)

    backend.before_read = decide
    path = f"/v1/accounts/{ADDRESS}/records/6b"
    assert (await call("GET", path)).json["height"] == 0
    shown = (await call("GET", f"{path}?{FRESH}")).json
    assert (shown["value"], shown["height"]) == (b"v".hex(), 1)
    account = (await call("GET", f"/v1/accounts/{ADDRESS}?{FRESH}")).json
    assert (account["nonce"], account["height"]) == (1, 1)
    path = f"/v1/transactions/{envelope.id.hex()}?{FRESH}"
    assert (await call("GET", path)).json["status"] == "final"
    assert (await call("GET", f"/v1/blocks/head?{FRESH}")).json["height"] == 1
    assert backend.confirmed == [LIMITS.read_s_default] * 4


@pytest.mark.parametrize("path", PATHS)
async def test_local_is_the_default_and_asks_nobody(
    call: Call, backend: LedgerBackend, path: str
) -> None:
    plain = await call("GET", path)
    local = await call("GET", f"{path}?consistency=local")
    assert (plain.status, plain.body) == (local.status, local.body)
    assert backend.confirmed == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("freshness", "status"),
    [
        (Freshness.UNCONFIRMED, 503),
        (Freshness.STOPPING, 503),
        (Freshness.NOT_A_VOTER, 422),
        (Freshness.UNSUPPORTED, 501),
    ],
)
async def test_refusals_are_definite_and_advise(
    call: Call, backend: LedgerBackend, path: str, freshness: Freshness, status: int
) -> None:
    backend.freshness = freshness
    reply = await call("GET", f"{path}?{FRESH}")
    document = assert_problem(reply, status, freshness.value)
    assert document["definite"] is True
    assert "ask" in document["detail"] or "consistency=local" in document["detail"]
    assert ("Retry-After" in reply.headers) == (status == 503)


async def test_how_long_to_wait(call: Call, backend: LedgerBackend) -> None:
    assert (await call("GET", f"{PATHS[0]}?{FRESH}&timeout=2.5")).status == 200
    assert backend.confirmed == [2.5]
    for query in (f"{FRESH}&timeout=61", f"{FRESH}&timeout=x", "consistency=eventual"):
        assert_problem(await call("GET", f"{PATHS[0]}?{query}"), 400, "query-invalid")
    for query in ("timeout=1", f"{FRESH}&proof=1", "consistency=local&timeout=1"):
        assert_problem(await call("GET", f"{PATHS[0]}?{query}"), 400, "query-conflict")


def test_the_document_names_the_refusals() -> None:
    routes = [route for route in ROUTES if "consistency" in route.query_names]
    assert len(routes) == len(PATHS)
    assert all({422, 501, 503} <= set(route.problems) for route in routes)
