"""Many transactions at once: one result each, whatever some of them are."""

import json
from typing import Any

import msgspec
import pytest

from node.api.backend import Outcome, Submission, TransactionStatus
from node.api.hot import decode_batch, encode_batch
from node.api.models import BatchAnswer
from node.api.views import show_fields
from tests.node.api.conftest import LIMITS, Call, Reply, assert_problem
from tests.node.api.ledger_backend import LedgerBackend

PATH = "/v1/transactions/batch"
JSON = {"Content-Type": "application/json"}
MSGPACK = {"Content-Type": "application/msgpack"}


async def post(call: Call, raws: Any) -> Reply:
    return await call("POST", PATH, data=msgspec.msgpack.encode(raws), headers=MSGPACK)


async def test_one_result_each_in_order(call: Call, backend: LedgerBackend) -> None:
    first, second = backend.pay(0), backend.pay(1)
    raws = [first.raw, second.raw, first.raw, b"nonsense", backend.pay(2, amount=0).raw]
    reply = await post(call, raws)
    answer = reply.json
    assert reply.status == 200
    assert (answer["accepted"], answer["known"], answer["rejected"]) == (2, 1, 2)
    assert answer["results"][0] == {
        "outcome": "accepted",
        "id": first.id.hex(),
        "status": "pending",
    }
    assert [one["outcome"] for one in answer["results"]] == [
        "accepted",
        "accepted",
        "known",
        "rejected",
        "rejected",
    ]
    assert [one.get("reason") for one in answer["results"]] == [
        None,
        None,
        "tx-known",
        "tx-malformed",
        "tx-zero-amount",
    ]
    assert backend.mempool.count == 2


async def test_an_empty_batch(call: Call) -> None:
    assert (await post(call, [])).json["results"] == []


async def test_a_json_batch_rejects_its_bad_items_alone(call: Call, backend: LedgerBackend) -> None:
    good = [show_fields(backend.pay(nonce).raw).model_dump(mode="json") for nonce in (0, 1)]
    items = [{"version": 1}, good[0], "text", good[1], {**good[1], "fee": 7}]
    reply = await call("POST", PATH, data=json.dumps(items), headers=JSON)
    results = reply.json["results"]
    assert [one["outcome"] for one in results] == [
        "rejected",
        "accepted",
        "rejected",
        "accepted",
        "rejected",
    ]
    assert [one.get("reason") for one in results] == [
        "field-missing",
        None,
        "field-wrong-type",
        None,
        "field-bad-amount",
    ]
    assert results[1]["id"] == backend.pay(0).id.hex()
    assert results[4]["detail"].startswith("fee: ")


async def test_a_json_batch_of_nothing_good_asks_nobody(call: Call, backend: LedgerBackend) -> None:
    reply = await call("POST", PATH, data="[1]", headers=JSON)
    assert reply.json["rejected"] == 1
    assert backend.submitted == 0


async def test_a_full_mempool_says_when_to_come_back(call: Call, backend: LedgerBackend) -> None:
    for nonce in range(99):
        backend.mempool.add(backend.pay(nonce), 0)
    reply = await post(call, [backend.pay(99).raw, backend.pay(100).raw])
    results = reply.json["results"]
    assert [one["outcome"] for one in results] == ["accepted", "rejected"]
    assert (results[1]["reason"], results[1]["retry_after_s"]) == ("mempool-full", 1)
    assert reply.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    "body",
    [
        b"\xc1",
        b"\x01",
        b"\x91\x01",
        b"\x91\xa1a",
        b"\x91\xc0",
        b"\x91" * 9000,
        b"\x80",
        b"\x92\xc4\x01a",
        b"\x90\x90",
        b"\xdd\xff\xff\xff\xff",
        b"\x91\xc6\xff\xff\xff\xff",
        b"not msgpack",
    ],
)
async def test_bytes_that_are_no_batch(call: Call, backend: LedgerBackend, body: bytes) -> None:
    reply = await call("POST", PATH, data=body, headers=MSGPACK)
    assert_problem(reply, 400, "body-not-msgpack")
    assert backend.submitted == 0


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("{}", 422, "field-wrong-type"),
        ("null", 422, "field-wrong-type"),
        ("[", 400, "body-not-json"),
        ('[{"a": 1, "a": 2}]', 400, "body-duplicate-key"),
        ("[NaN]", 400, "body-not-a-number"),
    ],
)
async def test_json_that_is_no_batch(call: Call, text: str, status: int, reason: str) -> None:
    assert_problem(await call("POST", PATH, data=text, headers=JSON), status, reason)


async def test_too_many_at_once(call: Call, backend: LedgerBackend) -> None:
    most = LIMITS.batch_transactions_max
    assert (await post(call, [b"x"] * most)).status == 200
    assert_problem(await post(call, [b"x"] * (most + 1)), 413, "batch-too-long")
    reply = await call("POST", PATH, data=json.dumps([1] * (most + 1)), headers=JSON)
    assert_problem(reply, 413, "batch-too-long")
    assert backend.submitted == most


async def test_octets_are_no_batch(call: Call) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    reply = await call("POST", PATH, data=b"\x90", headers=headers)
    assert_problem(reply, 415, "content-type-unsupported")


async def test_a_batch_does_not_wait(call: Call) -> None:
    reply = await call("POST", PATH + "?wait=final", data=b"\x90", headers=MSGPACK)
    assert_problem(reply, 400, "query-unknown")


def test_the_cheap_form_is_the_documented_one() -> None:
    submissions = [
        Submission(Outcome.ACCEPTED, bytes(32), TransactionStatus.PENDING),
        Submission(Outcome.KNOWN, b"\xff" * 32, TransactionStatus.FINAL, "tx-known"),
        Submission(Outcome.REJECTED, None, None, "tx-malformed", "why", 3),
    ]
    data = encode_batch(submissions)
    model = BatchAnswer.model_validate_json(data, strict=True)
    assert (model.accepted, model.known, model.rejected) == (1, 1, 1)
    lines = decode_batch(data).results
    for submission, line, item in zip(submissions, lines, model.results, strict=True):
        assert (item.outcome, item.id, item.status) == (
            submission.outcome,
            submission.id,
            submission.status,
        )
        assert item.id == (None if line.id is None else bytes.fromhex(line.id))
        assert (item.reason, item.detail, item.retry_after_s) == (
            line.reason,
            line.detail,
            line.retry_after_s,
        )
        assert set(item.model_dump()) == set(line.__struct_fields__)
