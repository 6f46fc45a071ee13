"""Everything a client can get wrong: a 4xx problem with a stable reason, and nothing is done."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ledger.address import encode_address
from ledger.codec import encode
from ledger.keys import KeyPair
from ledger.transaction import Envelope, Record, Transfer, build, decode_transaction
from node.api.views import show_fields
from tests.node.api.conftest import LIMITS, Call, Reply, assert_problem
from tests.node.api.ledger_backend import ALICE, BOB, CAROL, FAR, LedgerBackend

PATH = "/v1/transactions"
JSON = {"Content-Type": "application/json"}
OCTETS = {"Content-Type": "application/octet-stream"}
MSGPACK = {"Content-Type": "application/msgpack"}
U64_MAX = 2**64 - 1


@pytest.fixture
def good(backend: LedgerBackend) -> dict[str, Any]:
    """The fields of a transaction that would be taken."""
    return show_fields(backend.pay(0).raw).model_dump(mode="json")


async def post_text(call: Call, text: str | bytes) -> Reply:
    return await call("POST", PATH, data=text, headers=JSON)


async def test_the_good_one_is_taken(call: Call, good: dict[str, Any]) -> None:
    assert (await post_text(call, json.dumps(good))).status == 202


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "body-not-json"),
        ("not json", "body-not-json"),
        ("{'version': 1}", "body-not-json"),
        ("[1, 2,]", "body-not-json"),
        ("{} {}", "body-not-json"),
        (" ", "body-not-json"),
        ("\ufeff{}".encode(), "body-not-json"),
        (b"\xff\xfe{}", "body-not-json"),
        ('{"a": "\x01"}', "body-not-json"),
        ('{"\\ud800": 1}', "body-not-json"),
        ('{"fee": "\\udfff"}', "body-not-json"),
        ('{"fee": "1", "fee": "2"}', "body-duplicate-key"),
        ('{"payload": {"type": "a", "type": "b"}}', "body-duplicate-key"),
        ('{"\\ud800": 1, "\\ud800": 2}', "body-duplicate-key"),
        ('{"nonce": NaN}', "body-not-a-number"),
        ('{"nonce": Infinity}', "body-not-a-number"),
        ('{"nonce": -Infinity}', "body-not-a-number"),
        ('{"nonce": ' + "9" * 10_000 + "}", "body-number-too-large"),
        ("[" * 20_000 + "]" * 20_000, "body-too-deep"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, "body-too-deep"),
    ],
)
async def test_bodies_that_are_not_strict_json(
    call: Call, backend: LedgerBackend, text: str | bytes, reason: str
) -> None:
    assert_problem(await post_text(call, text), 400, reason)
    assert backend.submitted == 0


async def test_an_empty_body(call: Call) -> None:
    assert_problem(await post_text(call, b""), 400, "body-empty")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "field-wrong-type"),
        ("null", "field-wrong-type"),
        ('"text"', "field-wrong-type"),
        ("7", "field-wrong-type"),
        ("{}", "field-missing"),
        ('{"version": 1e400}', "field-wrong-type"),
        ('{"version": 1.5}', "field-wrong-type"),
    ],
)
async def test_json_that_is_no_transaction(call: Call, text: str, reason: str) -> None:
    assert_problem(await post_text(call, text), 422, reason)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("extra", 1, "field-unknown"),
        ("x" * 5000, 1, "field-unknown"),
        ("version", "1", "field-wrong-type"),
        ("version", True, "field-wrong-type"),
        ("version", 1.0, "field-wrong-type"),
        ("version", None, "field-wrong-type"),
        ("version", -1, "field-out-of-range"),
        ("version", 2**64, "field-out-of-range"),
        ("nonce", -1, "field-out-of-range"),
        ("nonce", 2**64, "field-out-of-range"),
        ("nonce", 10**39, "field-out-of-range"),
        ("nonce", 1e3, "field-wrong-type"),
        ("nonce", [0], "field-wrong-type"),
        ("valid_until", 2**64, "field-out-of-range"),
        ("valid_until", -5, "field-out-of-range"),
        ("fee", 1, "field-bad-amount"),
        ("fee", "-1", "field-bad-amount"),
        ("fee", "+1", "field-bad-amount"),
        ("fee", "01", "field-bad-amount"),
        ("fee", "1.0", "field-bad-amount"),
        ("fee", "1e3", "field-bad-amount"),
        ("fee", " 1", "field-bad-amount"),
        ("fee", "1\n", "field-bad-amount"),
        ("fee", "", "field-bad-amount"),
        ("fee", "\u0661", "field-bad-amount"),
        ("fee", "9" * 30, "field-bad-amount"),
        ("fee", str(2**64), "field-out-of-range"),
        ("chain_id", "00" * 31, "field-bad-hex"),
        ("chain_id", "00" * 33, "field-bad-hex"),
        ("chain_id", "AB" * 32, "field-bad-hex"),
        ("chain_id", "0x" + "00" * 31, "field-bad-hex"),
        ("chain_id", "zz" * 32, "field-bad-hex"),
        ("chain_id", 7, "field-bad-hex"),
        ("signature", "00" * 63, "field-bad-hex"),
        ("signature", None, "field-bad-hex"),
        ("sender", "quo1nobody", "field-bad-address"),
        ("sender", encode_address(ALICE.public_key)[:-1] + "q", "field-bad-address"),
        ("sender", encode_address(ALICE.public_key).upper(), "field-bad-address"),
        ("sender", 5, "field-bad-address"),
        ("payload", {}, "field-missing"),
        ("payload", {"type": "burn"}, "field-wrong-type"),
        ("payload", {"type": ["transfer"]}, "field-wrong-type"),
        ("payload", "transfer", "field-wrong-type"),
        ("payload", {"type": "transfer"}, "field-missing"),
        ("payload", {"type": "record", "key": "00"}, "field-missing"),
        ("payload", {"type": "record", "key": "0", "value": ""}, "field-bad-hex"),
        ("payload", {"type": "record", "key": "00", "value": "", "x": 1}, "field-unknown"),
    ],
)
async def test_fields_that_cannot_be_taken(
    call: Call,
    backend: LedgerBackend,
    good: dict[str, Any],
    field: str,
    value: Any,
    reason: str,
) -> None:
    reply = await post_text(call, json.dumps({**good, field: value}))
    document = assert_problem(reply, 422, reason)
    assert document["errors"][0]["field"].startswith(field[:10])
    assert len(reply.body) < 3000
    assert backend.submitted == 0


@pytest.mark.parametrize("field", ["version", "chain_id", "nonce", "payload", "signature"])
async def test_a_missing_field_is_named(call: Call, good: dict[str, Any], field: str) -> None:
    del good[field]
    document = assert_problem(await post_text(call, json.dumps(good)), 422, "field-missing")
    assert document["errors"] == [
        {"field": field, "reason": "field-missing", "detail": "Field required"}
    ]


async def test_no_more_faults_are_listed_than_a_person_reads(call: Call) -> None:
    text = json.dumps({f"unknown-{number}": 1 for number in range(500)})
    document = assert_problem(await post_text(call, text), 422, "field-missing")
    assert len(document["errors"]) == 20


@pytest.mark.parametrize(
    "given",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/msgpack",
        "application/json; charset=latin-1",
        "application/json, text/plain",
        "/",
        "nonsense",
    ],
)
async def test_content_types_that_are_not_taken(call: Call, given: str) -> None:
    reply = await call("POST", PATH, data=b"{}", headers={"Content-Type": given})
    assert_problem(reply, 415, "content-type-unsupported")


@pytest.mark.parametrize("given", ["application/json; charset=utf-8", "Application/JSON"])
async def test_spellings_of_the_content_type(call: Call, good: dict[str, Any], given: str) -> None:
    reply = await call("POST", PATH, data=json.dumps(good), headers={"Content-Type": given})
    assert reply.status == 202


async def test_no_content_type_at_all(call: Call) -> None:
    reply = await call("POST", PATH, data=b"{}", skip_auto_headers=["Content-Type"])
    assert_problem(reply, 415, "content-type-unsupported")


async def test_compressed_bodies_are_not_unpacked(call: Call) -> None:
    reply = await call("POST", PATH, data=b"\x1f\x8b", headers={**JSON, "Content-Encoding": "gzip"})
    assert_problem(reply, 415, "content-encoding-unsupported")


@pytest.mark.parametrize("path", [PATH, PATH + "/batch"])
async def test_bodies_over_the_limit(call: Call, path: str) -> None:
    limit = LIMITS.batch_bytes_max if "batch" in path else LIMITS.transaction_body_bytes_max
    reply = await call("POST", path, data=b" " * (limit + 1), headers=JSON)
    assert_problem(reply, 413, "body-too-large")


async def test_bodies_over_the_limit_without_a_length(call: Call) -> None:
    async def chunks() -> Any:
        for _ in range(LIMITS.transaction_body_bytes_max // 1000 + 1):
            yield b" " * 1000

    reply = await call("POST", PATH, data=chunks(), headers=JSON)
    assert_problem(reply, 413, "body-too-large")


def make_bad_signature(backend: LedgerBackend) -> Envelope:
    raw = backend.pay(0).raw
    return decode_transaction(raw[:-1] + bytes([raw[-1] ^ 1]))


def make_wrong_version(backend: LedgerBackend) -> Envelope:
    transaction = decode_transaction(backend.pay(0).raw).transaction
    return decode_transaction(encode(type(transaction)(9, *list_fields(transaction)[1:])))


def list_fields(struct: Any) -> list[Any]:
    return [getattr(struct, name) for name in struct.__struct_fields__]


def make_expired(backend: LedgerBackend) -> Envelope:
    payload = Transfer(CAROL.public_key, 1)
    return build(backend.chain.chain_id, ALICE, 0, 1, 0, payload)


def make_other_chain(_backend: LedgerBackend) -> Envelope:
    return build(bytes(32), ALICE, 0, 1, FAR, Transfer(CAROL.public_key, 1))


def make_stale(backend: LedgerBackend) -> Envelope:
    backend.make_block(backend.pay(0))
    return backend.pay(0, amount=11)


REFUSED: dict[str, Callable[[LedgerBackend], Envelope]] = {
    "tx-bad-signature": make_bad_signature,
    "tx-bad-version": make_wrong_version,
    "tx-wrong-chain": make_other_chain,
    "tx-stale-nonce": make_stale,
    "tx-nonce-too-far": lambda backend: backend.pay(10**9),
    "tx-insufficient-balance": lambda backend: backend.pay(0, amount=10**9),
    "tx-expired": make_expired,
    "tx-amount-overflow": lambda backend: backend.pay(0, amount=U64_MAX, fee=U64_MAX),
    "tx-zero-amount": lambda backend: backend.pay(0, amount=0),
    "tx-record-key-size": lambda backend: backend.pay(0, payload=Record(b"", b"")),
    "tx-record-value-size": lambda backend: backend.pay(0, payload=Record(b"k", b"v" * 5000)),
}


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("reason", sorted(REFUSED))
async def test_transactions_that_are_refused(
    call: Call, backend: LedgerBackend, reason: str, as_json: bool
) -> None:
    envelope = REFUSED[reason](backend)
    height = backend.chain.height
    if as_json:
        fields = show_fields(envelope.raw).model_dump(mode="json")
        reply = await call("POST", PATH, json=fields)
    else:
        reply = await call("POST", PATH, data=envelope.raw, headers=OCTETS)
    document = assert_problem(reply, 422, reason)
    assert document["definite"] is True
    assert document["id"] == envelope.id.hex()
    assert (backend.mempool.count, backend.chain.height) == (0, height)


async def test_an_unknown_sender_has_no_money(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0, sender=KeyPair(b"\x77" * 32))
    reply = await call("POST", PATH, data=envelope.raw, headers=OCTETS)
    assert_problem(reply, 422, "tx-insufficient-balance")


async def test_a_transaction_over_the_network_s_limit(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0, payload=Record(b"k", b"v" * 9000))
    reply = await call("POST", PATH, data=envelope.raw, headers=OCTETS)
    assert_problem(reply, 413, "tx-too-large")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda raw: b"\x00", "tx-malformed"),
        (lambda raw: b"not msgpack at all", "tx-malformed"),
        (lambda raw: raw[:-1], "tx-malformed"),
        (lambda raw: raw + b"\x00", "tx-malformed"),
        (lambda raw: raw[:1] + b"\xcc\x01" + raw[2:], "tx-not-canonical"),
        (lambda raw: b"\x91" * 5000 + b"\x01", "tx-malformed"),
        (lambda raw: b"\xdf\xff\xff\xff\xff", "tx-malformed"),
    ],
)
async def test_bytes_that_are_no_transaction(
    call: Call, backend: LedgerBackend, spoil: Any, reason: str
) -> None:
    reply = await call("POST", PATH, data=spoil(backend.pay(0).raw), headers=OCTETS)
    assert_problem(reply, 422, reason)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("?wait=included", "query-invalid"),
        ("?wait=", "query-invalid"),
        ("?timeout=5", "query-conflict"),
        ("?wait=final&timeout=-1", "query-invalid"),
        ("?wait=final&timeout=61", "query-invalid"),
        ("?wait=final&timeout=nan", "query-invalid"),
        ("?wait=final&timeout=1e9", "query-invalid"),
        ("?wait=final&timeout=%D9%A1", "query-invalid"),
        ("?wait=final&wait=final", "query-repeated"),
        ("?colour=red", "query-unknown"),
        ("?%ED%A0%80=1", "query-unknown"),
    ],
)
async def test_queries_that_make_no_sense(
    call: Call, backend: LedgerBackend, query: str, reason: str
) -> None:
    reply = await call("POST", PATH + query, data=backend.pay(0).raw, headers=OCTETS)
    assert_problem(reply, 400, reason)
    assert backend.submitted == 0


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/v1/nothing", 404, "path-unknown"),
        ("/v1/status/", 404, "path-unknown"),
        ("/v1/%00", 404, "path-unknown"),
        ("/v1/transactions/xyz", 400, "path-invalid"),
        ("/v1/transactions/" + "AB" * 32, 400, "path-invalid"),
        ("/v1/transactions/" + "ab" * 31, 400, "path-invalid"),
        ("/v1/transactions/" + "%20" * 64, 400, "path-invalid"),
        ("/v1/blocks/-1", 400, "path-invalid"),
        ("/v1/blocks/007", 400, "path-invalid"),
        ("/v1/blocks/1.0", 400, "path-invalid"),
        ("/v1/blocks/tip", 400, "path-invalid"),
        ("/v1/blocks/%D9%A1", 400, "path-invalid"),
        ("/v1/blocks/18446744073709551616", 404, "block-unknown"),
        ("/v1/blocks/5", 404, "block-unknown"),
        ("/v1/blocks/" + "00" * 32, 404, "block-unknown"),
        ("/v1/blocks?limit=0", 400, "query-invalid"),
        ("/v1/blocks?limit=101", 400, "query-invalid"),
        ("/v1/blocks?limit=-1", 400, "query-invalid"),
        ("/v1/blocks?limit=ten", 400, "query-invalid"),
        ("/v1/blocks?limit=" + "9" * 5000, 400, "query-invalid"),
        ("/v1/blocks?from=18446744073709551616", 400, "query-invalid"),
        ("/v1/blocks?order=up", 400, "query-invalid"),
        ("/v1/blocks?cursor=", 400, "cursor-invalid"),
        ("/v1/blocks?cursor=AAAA", 400, "cursor-invalid"),
        ("/v1/blocks?cursor=%F0%9F%98%80", 400, "cursor-invalid"),
        ("/v1/blocks?cursor=" + "A" * 5000, 400, "cursor-invalid"),
        ("/v1/blocks?cursor=k6ZibG9ja3PDAQ&order=asc", 400, "query-conflict"),
        ("/v1/accounts/nobody", 400, "address-malformed"),
        ("/v1/accounts/" + encode_address(BOB.public_key)[:-1] + "q", 400, "address-bad-checksum"),
        ("/v1/accounts/" + encode_address(BOB.public_key) + "?proof=yes", 400, "query-invalid"),
        ("/v1/accounts/" + encode_address(BOB.public_key) + "/records/0g", 400, "path-invalid"),
        ("/v1/accounts/" + encode_address(BOB.public_key) + "/records/0", 400, "path-invalid"),
        ("/v1/status?verbose=1", 400, "query-unknown"),
    ],
)
async def test_paths_and_queries_of_reading(
    call: Call, path: str, status: int, reason: str
) -> None:
    assert_problem(await call("GET", path), status, reason)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/transactions", "POST"),
        ("GET", "/v1/transactions/batch", "POST"),
        ("POST", "/v1/status", "GET,HEAD"),
        ("DELETE", "/v1/blocks/0", "GET,HEAD"),
        ("OPTIONS", "/v1/blocks", "GET,HEAD"),
        ("PROPFIND", "/v1/blocks", "GET,HEAD"),
    ],
)
async def test_methods_that_do_not_fit(call: Call, method: str, path: str, allow: str) -> None:
    reply = await call(method, path)
    assert_problem(reply, 405, "method-not-allowed")
    assert reply.headers["Allow"] == allow


async def test_the_path_in_a_problem_is_short_and_printable(call: Call) -> None:
    reply = await call("GET", "/v1/" + "x" * 4000)
    assert len(assert_problem(reply, 404, "path-unknown")["instance"]) < 400
