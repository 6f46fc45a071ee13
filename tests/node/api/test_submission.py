"""One transaction over HTTP: accepted, waited for, known, refused."""

import asyncio
from typing import Any

import pytest

from ledger.address import encode_address
from ledger.transaction import Envelope, Record, Transfer
from node.api.transactions import to_raw
from node.api.views import show_fields
from tests.node.api.conftest import Call, assert_problem
from tests.node.api.ledger_backend import ALICE, CAROL, LedgerBackend

OCTETS = {"Content-Type": "application/octet-stream"}
PATH = "/v1/transactions"


def as_json(envelope: Envelope) -> dict[str, Any]:
    return show_fields(envelope.raw).model_dump(mode="json")


async def test_canonical_bytes_are_accepted(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0)
    reply = await call("POST", PATH, data=envelope.raw, headers=OCTETS)
    assert reply.status == 202
    assert reply.json == {
        "outcome": "accepted",
        "id": envelope.id.hex(),
        "status": "pending",
        "definite": False,
        "height": None,
        "reason": None,
        "detail": None,
    }
    assert reply.headers["Location"] == f"/v1/transactions/{envelope.id.hex()}"
    assert envelope.id in backend.mempool


async def test_json_fields_are_the_same_transaction(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0)
    fields = as_json(envelope)
    assert fields["payload"] == {
        "type": "transfer",
        "recipient": encode_address(CAROL.public_key),
        "amount": "10",
    }
    assert fields["fee"] == "1"
    assert fields["sender"] == encode_address(ALICE.public_key)
    reply = await call("POST", PATH, json=fields)
    assert (reply.status, reply.json["id"]) == (202, envelope.id.hex())


@pytest.mark.parametrize(
    "payload", [Transfer(CAROL.public_key, 2**64 - 2), Record(b"key", b"\x00\xff")]
)
async def test_fields_and_bytes_are_two_spellings(
    backend: LedgerBackend, payload: Transfer | Record
) -> None:
    envelope = backend.pay(2**64 - 2, fee=0, payload=payload)
    assert to_raw(show_fields(envelope.raw)) == envelope.raw


async def test_waiting_gives_the_outcome(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0)
    query = "?wait=final&timeout=10"
    waiting = asyncio.create_task(call("POST", PATH + query, data=envelope.raw, headers=OCTETS))
    await backend.someone_waits.wait()
    backend.make_block()
    reply = await waiting
    assert reply.status == 200
    assert reply.json["status"] == "final"
    assert reply.json["definite"] is True
    assert reply.json["height"] == 1


async def test_waiting_for_one_that_fails(call: Call, backend: LedgerBackend) -> None:
    failing, draining = backend.pay(1, amount=600_000), backend.pay(0, amount=600_000)
    query = "?wait=final&timeout=10"
    first = asyncio.create_task(call("POST", PATH + query, data=draining.raw, headers=OCTETS))
    await backend.someone_waits.wait()
    backend.make_block(draining, failing)
    assert (await first).json["status"] == "final"
    view = (await call("GET", f"{PATH}/{failing.id.hex()}")).json
    assert (view["status"], view["definite"]) == ("failed", True)
    assert view["reason"] == "tx-insufficient-balance"
    assert view["receipt"] == {
        "id": failing.id.hex(),
        "status": "failed",
        "reason": "tx-insufficient-balance",
        "fee": "1",
    }


async def test_a_time_that_runs_out_is_no_refusal(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0)
    query = "?wait=final&timeout=0.05"
    reply = await call("POST", PATH + query, data=envelope.raw, headers=OCTETS)
    assert (reply.status, reply.json["definite"]) == (202, False)
    assert reply.json["status"] == "pending"
    assert "may still be applied" in reply.json["detail"]


async def test_the_same_bytes_again(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0)
    await call("POST", PATH, data=envelope.raw, headers=OCTETS)
    again = await call("POST", PATH, data=envelope.raw, headers=OCTETS)
    document = assert_problem(again, 409, "tx-known")
    assert (document["transaction_status"], document["definite"]) == ("pending", False)
    assert document["id"] == envelope.id.hex()
    backend.make_block()
    later = await call("POST", PATH, data=envelope.raw, headers=OCTETS)
    document = assert_problem(later, 409, "tx-known")
    assert (document["transaction_status"], document["definite"]) == ("final", True)


async def test_the_same_bytes_again_can_wait_too(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0)
    await call("POST", PATH, data=envelope.raw, headers=OCTETS)
    query = "?wait=final&timeout=0.05"
    reply = await call("POST", PATH + query, data=envelope.raw, headers=OCTETS)
    document = assert_problem(reply, 409, "tx-known")
    assert (document["transaction_status"], document["definite"]) == ("pending", False)


async def test_a_full_mempool_says_when_to_come_back(call: Call, backend: LedgerBackend) -> None:
    for nonce in range(100):
        backend.mempool.add(backend.pay(nonce), 0)
    envelope = backend.pay(100)
    reply = await call("POST", PATH, data=envelope.raw, headers=OCTETS)
    document = assert_problem(reply, 429, "mempool-full")
    assert (reply.headers["Retry-After"], document["retry_after_s"]) == ("1", 1)
    assert document["definite"] is True
    backend.make_block()
    reply = await call("POST", PATH, data=envelope.raw, headers=OCTETS)
    assert reply.status == 202


async def test_a_stopping_node_takes_nothing(call: Call, backend: LedgerBackend) -> None:
    backend.is_stopping = True
    reply = await call("POST", PATH, data=backend.pay(0).raw, headers=OCTETS)
    document = assert_problem(reply, 503, "node-stopping")
    assert document["definite"] is True
    assert reply.headers["Retry-After"] == "1"


async def test_a_fault_of_ours_tells_nothing_and_is_indefinite(
    call: Call, backend: LedgerBackend
) -> None:
    backend.failure = KeyError("secret")
    reply = await call("POST", PATH, data=backend.pay(0).raw, headers=OCTETS)
    document = assert_problem(reply, 500, "internal-error")
    assert document["definite"] is False
    assert "secret" not in reply.body.decode()


async def test_unknown_transaction(call: Call) -> None:
    assert_problem(await call("GET", f"{PATH}/{'ab' * 32}"), 404, "tx-unknown")


async def test_pending_transaction_shows_its_fields(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0)
    backend.mempool.add(envelope, 0)
    view = (await call("GET", f"{PATH}/{envelope.id.hex()}")).json
    assert (view["status"], view["definite"], view["height"]) == ("pending", False, None)
    assert view["transaction"] == as_json(envelope)
    assert view["raw"] == envelope.raw.hex()


async def test_dropped_transaction_says_why(call: Call, backend: LedgerBackend) -> None:
    first, better = backend.pay(0, fee=10), backend.pay(0, fee=20)
    backend.mempool.add(first, 0)
    backend.mempool.add(better, 0)
    view = (await call("GET", f"{PATH}/{first.id.hex()}")).json
    assert (view["status"], view["reason"]) == ("dropped", "mempool-replaced")
    assert view["definite"] is False  # another node may still order it
