"""The OpenAPI document: valid, true to the route table, and to what the server answers."""

from typing import Any

import pytest
from openapi_spec_validator import validate

from ledger.address import encode_address
from node.api.app import ROUTES
from tests.node.api.conftest import Call
from tests.node.api.ledger_backend import ALICE, LedgerBackend
from tests.node.api.schema_check import check_answer


@pytest.fixture
async def document(call: Call) -> Any:
    return (await call("GET", "/openapi.json")).json


async def test_the_document_is_valid(document: Any) -> None:
    validate(document)


async def test_every_route_is_described_and_nothing_else(document: Any) -> None:
    described = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert described == {(route.method, route.path) for route in ROUTES}


async def test_operation_ids_are_distinct(document: Any) -> None:
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(set(ids)) == len(ids)


async def test_path_parameters_are_those_of_the_path(document: Any) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            declared = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert declared == {part[1:-1] for part in path.split("/") if part.startswith("{")}


async def test_amounts_are_strings_and_bodies_are_closed(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["TransactionFields"]["additionalProperties"] is False
    assert schemas["TransactionFields"]["properties"]["fee"]["type"] == "string"
    assert schemas["AccountAnswer"]["properties"]["balance"]["type"] == "string"


async def test_answers_fit_their_schemas(call: Call, backend: LedgerBackend, document: Any) -> None:
    applied, failed = backend.pay(0), backend.pay(1, amount=999_999)
    backend.make_block(applied, failed, backend.pay(9), certify=True)
    pending = backend.pay(2)
    backend.mempool.add(pending, 1)
    address = encode_address(ALICE.public_key)
    paths = {
        "/v1": "/v1",
        "/v1/samples": "/v1/samples?span=24h",
        "/v1/status": "/v1/status",
        "/v1/peers": "/v1/peers",
        "/v1/validators": "/v1/validators",
        "/v1/mempool": "/v1/mempool",
        "/v1/engine": "/v1/engine",
        "/livez": "/livez",
        "/v1/blocks": "/v1/blocks?limit=1",
        "/v1/blocks/{block}": "/v1/blocks/head",
        "/v1/blocks/{block}/transactions": "/v1/blocks/1/transactions?limit=1",
        "/v1/transactions/{hash}": f"/v1/transactions/{applied.id.hex()}?proof=1",
        "/v1/accounts/{address}": f"/v1/accounts/{address}?proof=1",
        "/v1/accounts/{address}/records/{key}": f"/v1/accounts/{address}/records/00?proof=1",
    }
    for template, path in paths.items():
        check_answer(document, "GET", template, await call("GET", path))
    for envelope in (failed, pending):
        reply = await call("GET", f"/v1/transactions/{envelope.id.hex()}")
        check_answer(document, "GET", "/v1/transactions/{hash}", reply)
    unknown = await call("GET", f"/v1/transactions/{'00' * 32}")
    check_answer(document, "GET", "/v1/transactions/{hash}", unknown)
    octets = {"Content-Type": "application/octet-stream"}
    for raw in (backend.pay(3).raw, applied.raw, b"nonsense"):
        reply = await call("POST", "/v1/transactions", data=raw, headers=octets)
        check_answer(document, "POST", "/v1/transactions", reply)


async def test_the_check_would_notice(document: Any, call: Call) -> None:
    reply = await call("GET", "/v1/mempool")
    with pytest.raises(AssertionError, match="required"):
        check_answer(document, "GET", "/v1/status", reply)
