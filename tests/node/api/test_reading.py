"""Blocks, transactions and accounts as they are read, with proofs that convince the verifier."""

import pytest

from ledger.address import encode_address
from ledger.block import header_id
from ledger.blocks import StoredBlock
from ledger.light import verify_state_proof, verify_transaction_proof
from ledger.proofs import StateProof, TransactionProof, decode_proof
from ledger.transaction import Record
from tests.node.api.conftest import Call, assert_problem
from tests.node.api.ledger_backend import (
    ALICE,
    CAROL,
    CERTIFICATE,
    SEAL,
    VALIDATOR,
    LedgerBackend,
)


def judge_for(block: StoredBlock):  # type: ignore[no-untyped-def]
    """A judge that takes the test's certificate as proof of one block."""

    def judge(certificate: bytes) -> tuple[int, bytes] | None:
        assert certificate == CERTIFICATE
        return block.header.height, block.id

    return judge


async def test_a_block_by_each_of_its_names(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0)
    backend.make_block(envelope, certify=True)
    block = backend.chain.block(1)
    replies = [await call("GET", f"/v1/blocks/{name}") for name in ("1", "head", "final")]
    replies.append(await call("GET", f"/v1/blocks/{block.id.hex()}"))
    assert len({reply.body for reply in replies}) == 1
    shown = replies[0].json
    header = block.header
    assert shown["id"] == header_id(header).hex()
    assert shown["parent"] == header.parent.hex()
    assert shown["state_root"] == header.state_root.hex()
    assert shown["proposer"] == encode_address(VALIDATOR.public_key)
    assert shown["transactions"] == [envelope.id.hex()]
    assert (shown["seal"], shown["certificate"]) == (SEAL.hex(), CERTIFICATE.hex())
    assert shown["values"] == [block.values[0].hex()]
    assert (shown["final"], shown["certified"]) == (True, True)
    assert (shown["transaction_count"], shown["skipped_count"]) == (1, 0)


async def test_the_genesis_block_has_no_proposer(call: Call, backend: LedgerBackend) -> None:
    shown = (await call("GET", "/v1/blocks/0")).json
    assert (shown["height"], shown["proposer"], shown["certificate"]) == (0, None, None)
    assert shown["parent"] == backend.chain.chain_id.hex()


async def test_failed_and_skipped_ones_are_told_apart(call: Call, backend: LedgerBackend) -> None:
    applied, failed = backend.pay(0), backend.pay(1, amount=999_999)
    skipped = backend.pay(7)
    backend.make_block(applied, failed, skipped)
    shown = (await call("GET", "/v1/blocks/1")).json
    assert shown["transactions"] == [applied.id.hex(), failed.id.hex()]
    assert shown["failed"] == {failed.id.hex(): "tx-insufficient-balance"}
    assert shown["skipped_count"] == 1


async def collect_heights(call: Call, path: str, follow: str) -> list[int]:
    heights: list[int] = []
    page = (await call("GET", path)).json
    while True:
        heights += [block["height"] for block in page["blocks"]]
        if page["next"] is None:
            return heights
        page = (await call("GET", f"/v1/blocks?cursor={page['next']}{follow}")).json


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_pages_give_every_block_once(call: Call, backend: LedgerBackend, limit: int) -> None:
    for nonce in range(6):
        backend.make_block(backend.pay(nonce))
    more = f"&limit={limit}"
    down = await collect_heights(call, f"/v1/blocks?limit={limit}", more)
    assert down == [6, 5, 4, 3, 2, 1, 0]
    up = await collect_heights(call, f"/v1/blocks?order=asc&limit={limit}", more)
    assert up == [0, 1, 2, 3, 4, 5, 6]
    middle = await collect_heights(call, f"/v1/blocks?order=asc&from=4&limit={limit}", more)
    assert middle == [4, 5, 6]


async def test_a_page_stays_in_place_while_blocks_come(call: Call, backend: LedgerBackend) -> None:
    for nonce in range(3):
        backend.make_block(backend.pay(nonce))
    page = (await call("GET", "/v1/blocks?limit=2")).json
    backend.make_block(backend.pay(3))
    following = (await call("GET", f"/v1/blocks?limit=2&cursor={page['next']}")).json
    assert [block["height"] for block in following["blocks"]] == [1, 0]


async def test_above_the_head_a_page_is_empty(call: Call) -> None:
    page = (await call("GET", "/v1/blocks?order=asc&from=5")).json
    assert page == {"blocks": [], "next": None}
    top = (await call("GET", "/v1/blocks?from=5")).json
    assert [block["height"] for block in top["blocks"]] == [0]


async def test_transactions_of_a_block_in_pages(call: Call, backend: LedgerBackend) -> None:
    envelopes = [backend.pay(nonce) for nonce in range(5)]
    backend.make_block(*envelopes)
    shown, path = [], "/v1/blocks/1/transactions?limit=2"
    cursor: str | None = ""
    while cursor is not None:
        page = (await call("GET", path + (f"&cursor={cursor}" if cursor else ""))).json
        shown += page["transactions"]
        cursor = page["next"]
    assert [one["id"] for one in shown] == [envelope.id.hex() for envelope in envelopes]
    assert [one["index"] for one in shown] == [0, 1, 2, 3, 4]
    assert all(one["status"] == "final" and one["receipt"]["reason"] is None for one in shown)
    alone = (await call("GET", f"/v1/transactions/{envelopes[3].id.hex()}")).json
    assert alone == shown[3]


async def test_a_cursor_of_another_list_is_refused(call: Call, backend: LedgerBackend) -> None:
    for nonce in range(2):
        backend.make_block(backend.pay(nonce))
    cursor = (await call("GET", "/v1/blocks?limit=1")).json["next"]
    reply = await call("GET", f"/v1/blocks/1/transactions?cursor={cursor}")
    assert_problem(reply, 400, "cursor-invalid")


async def test_an_account_and_what_waits(call: Call, backend: LedgerBackend) -> None:
    backend.make_block(backend.pay(0, amount=100, fee=3))
    backend.mempool.add(backend.pay(1), 1)
    address = encode_address(ALICE.public_key)
    shown = (await call("GET", f"/v1/accounts/{address}")).json
    assert shown == {
        "address": address,
        "public_key": ALICE.public_key.hex(),
        "balance": "999897",
        "nonce": 1,
        "next_nonce": 2,
        "height": 1,
        "proof": None,
    }


async def test_an_account_nobody_heard_of(call: Call) -> None:
    shown = (await call("GET", f"/v1/accounts/{encode_address(CAROL.public_key)}")).json
    assert (shown["balance"], shown["nonce"]) == ("0", 0)


async def test_the_proof_of_a_transaction(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0)
    backend.make_block(envelope, backend.pay(0, sender=ALICE, amount=11))
    path = f"/v1/transactions/{envelope.id.hex()}"
    assert_problem(await call("GET", path + "?proof=1"), 409, "proof-not-certified")
    assert (await call("GET", path + "?proof=0")).json["proof"] is None
    backend.make_block(certify=True)
    proof = decode_proof(bytes.fromhex((await call("GET", path + "?proof=1")).json["proof"]))
    assert isinstance(proof, TransactionProof)
    verdict = verify_transaction_proof(
        backend.chain.genesis, proof, judge_for(backend.chain.block(2))
    )
    assert verdict.header.height == 1


async def test_a_pending_one_cannot_be_proved(call: Call, backend: LedgerBackend) -> None:
    envelope = backend.pay(0)
    backend.mempool.add(envelope, 0)
    reply = await call("GET", f"/v1/transactions/{envelope.id.hex()}?proof=1")
    assert_problem(reply, 409, "chain-unknown-transaction")


@pytest.mark.parametrize("key", [ALICE.public_key, b"\x55" * 32])
async def test_the_proof_of_an_account_or_of_none(
    call: Call, backend: LedgerBackend, key: bytes
) -> None:
    backend.make_block(backend.pay(0), certify=True)
    reply = await call("GET", f"/v1/accounts/{encode_address(key)}?proof=1")
    proof = decode_proof(bytes.fromhex(reply.json["proof"]))
    assert isinstance(proof, StateProof)
    verify_state_proof(backend.chain.genesis, proof, judge_for(backend.chain.block(1)))
    assert (proof.leaf is None) == (key != ALICE.public_key)


async def test_records_are_read_and_proved(call: Call, backend: LedgerBackend) -> None:
    backend.make_block(backend.pay(0, payload=Record(b"\x00k", b"\xfe")), certify=True)
    address = encode_address(ALICE.public_key)
    shown = (await call("GET", f"/v1/accounts/{address}/records/006b?proof=1")).json
    assert (shown["owner"], shown["key"], shown["value"]) == (address, "006b", "fe")
    absent = (await call("GET", f"/v1/accounts/{address}/records/00?proof=1")).json
    assert absent["value"] is None
    for one in (shown, absent):
        proof = decode_proof(bytes.fromhex(one["proof"]))
        assert isinstance(proof, StateProof)
        verify_state_proof(backend.chain.genesis, proof, judge_for(backend.chain.block(1)))


async def test_head_is_get_without_the_body(call: Call) -> None:
    reply = await call("HEAD", "/v1/blocks/0")
    assert (reply.status, reply.body) == (200, b"")
