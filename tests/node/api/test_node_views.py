"""Status, peers, validators, mempool, engine, genesis, probes, metrics and the index."""

import asyncio
from pathlib import Path

from ledger.address import encode_address
from ledger.genesis import Genesis
from node.api.app import ROUTES
from tests.node.api.conftest import Call
from tests.node.api.ledger_backend import BOB, VALIDATOR, LedgerBackend


async def test_status(call: Call, backend: LedgerBackend) -> None:
    backend.make_block(backend.pay(0))
    backend.is_ready = False
    shown = (await call("GET", "/v1/status")).json
    assert shown["chain_id"] == backend.chain.chain_id.hex()
    assert (shown["head_height"], shown["head_id"]) == (1, backend.chain.head_id.hex())
    assert (shown["state"], shown["ready"], shown["alarms"]) == ("ready", False, [])
    assert (shown["role"], shown["engine"], shown["network"]) == (
        "validator",
        "pbft",
        "test-network",
    )


async def test_peers(call: Call) -> None:
    (peer,) = (await call("GET", "/v1/peers")).json["peers"]
    assert (peer["public_key"], peer["height"], peer["latency_ms"]) == (
        BOB.public_key.hex(),
        None,
        0.25,
    )


async def test_validators(call: Call) -> None:
    shown = (await call("GET", "/v1/validators")).json
    assert shown["faults"] == 0
    (member,) = shown["validators"]
    assert member["address"] == encode_address(VALIDATOR.public_key)
    assert member["is_leader"] is True


async def test_mempool(call: Call, backend: LedgerBackend) -> None:
    backend.mempool.add(backend.pay(0), 0)
    shown = (await call("GET", "/v1/mempool")).json
    assert (shown["count"], shown["size_bytes"]) == (1, len(backend.pay(0).raw))
    assert shown["rejected"] == {"tx-stale-nonce": 2}


async def test_engine(call: Call) -> None:
    shown = (await call("GET", "/v1/engine")).json
    assert (shown["phase"], shown["headline"]) == ("idle", "at rest")
    idle, liar = shown["findings"]
    assert idle == {
        "code": "idle",
        "severity": "ok",
        "text": "at rest",
        "advice": "",
        "since_ms": 7,
        "members": [],
    }
    assert (liar["code"], liar["members"], liar["since_ms"]) == ("liar-seen", ["validator-3"], None)
    (member,) = shown["members"]
    assert member == {
        "replica": 0,
        "name": "validator-0",
        "presence": "self",
        "presence_ms": 7,
        "heard_ms": None,
        "height": None,
    }
    assert (shown["heard"], shown["silent"]) == (["validator-0"], [])


async def test_genesis_leads_to_the_chain_id(call: Call, backend: LedgerBackend) -> None:
    reply = await call("GET", "/v1/genesis")
    assert Genesis.from_json(reply.body).chain_id == backend.chain.chain_id


async def test_probes(call: Call, backend: LedgerBackend) -> None:
    assert (await call("GET", "/livez")).json == {"ok": True, "detail": "alive"}
    assert (await call("GET", "/readyz")).status == 200
    backend.is_ready = False
    assert (await call("GET", "/livez")).status == 200
    reply = await call("GET", "/readyz")
    assert (reply.status, reply.json["detail"]) == (503, "catching-up")


async def test_the_index_lists_every_route(call: Call) -> None:
    listed = (await call("GET", "/")).json["routes"]
    assert {(one["method"], one["path"]) for one in listed} == {
        (route.method, route.path) for route in ROUTES
    }


async def test_requests_are_counted_under_their_template(
    call: Call, backend: LedgerBackend
) -> None:
    await call("GET", "/v1/blocks/0")
    await call("GET", "/v1/blocks/99")
    await call("GET", "/a-stranger-s-path")
    await call("PROPFIND", "/v1/blocks/0")

    def count(route: str, method: str, status: str) -> float | None:
        labels = {"route": route, "method": method, "status": status}
        return backend.metrics.registry.get_sample_value("quorate_http_requests_total", labels)

    assert count("/v1/blocks/{block}", "GET", "200") == 1
    assert count("/v1/blocks/{block}", "GET", "404") == 1
    assert count("unrouted", "GET", "404") == 1
    assert count("unrouted", "other", "405") == 1


async def test_metrics_satisfy_promtool(call: Call, promtool: Path) -> None:
    await call("GET", "/v1/status")
    reply = await call("GET", "/metrics", headers={"Accept": "text/plain"})
    assert b'route="/v1/status"' in reply.body
    pipe = asyncio.subprocess.PIPE
    checking = await asyncio.create_subprocess_exec(
        promtool, "check", "metrics", stdin=pipe, stdout=pipe, stderr=pipe
    )
    said = await checking.communicate(reply.body)
    assert (checking.returncode, said) == (0, (b"", b""))


async def test_answers_are_neither_guessed_at_nor_cached(call: Call) -> None:
    for path in ("/v1/status", "/nowhere"):
        headers = (await call("GET", path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
