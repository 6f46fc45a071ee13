import json
from typing import Any

import msgspec
import pytest

from ledger.address import encode_address
from ledger.block import header_id
from ledger.codec import U64_MAX
from ledger.errors import GenesisError
from ledger.genesis import (
    Genesis,
    compute_genesis_header,
    compute_genesis_id,
    compute_genesis_leaves,
    encode_genesis,
)
from ledger.limits import Limits
from ledger.reasons import Reason
from tests.ledger.coin.bad_points import SMALL_ORDER
from tests.ledger.coin.support import dealing
from tests.ledger.support import ALICE, BOB, CAROL, GENESIS, VALIDATORS, make_genesis


def document() -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(GENESIS.to_json())
    return plain


def refuse(text: str | bytes) -> GenesisError:
    with pytest.raises(GenesisError) as caught:
        Genesis.from_json(text)
    return caught.value


def test_golden() -> None:
    assert GENESIS.chain_id.hex() == (
        "b23d6ccdb059445a2632a3e78d07b5134a40804c3f46913fde45980fa40993fd"
    )
    assert compute_genesis_id(GENESIS).hex() == (
        "e2ae52e135fe995fb83e6f7f7f2cb48b373162073504a0622a6ba41f95d92f99"
    )


def test_round_trip() -> None:
    again = Genesis.from_json(GENESIS.to_json())
    assert again == GENESIS
    assert again.chain_id == GENESIS.chain_id
    assert Genesis.from_json(GENESIS.to_json().encode()) == GENESIS


def test_a_coin_is_part_of_what_the_network_is() -> None:
    genesis = make_genesis(commitments=dealing().commitments)
    assert genesis.chain_id.hex() == (
        "e78e4160bf09630a4959a796ccf91038aa622a77318dc8f4aca732eda49d8762"
    )
    again = Genesis.from_json(genesis.to_json())
    assert again == genesis
    assert again.chain_id == genesis.chain_id != GENESIS.chain_id
    assert "coin" not in GENESIS.to_json()


@pytest.mark.parametrize(
    "commitments",
    [
        [],
        [dealing().commitments[0].hex()],
        [one.hex() for one in dealing(3).commitments],
        [dealing().commitments[0].hex(), SMALL_ORDER[0].hex()],
        [dealing().commitments[0].hex(), "00"],
        [dealing().commitments[0].hex(), "XY" * 32],
        [1, 2],
        None,
    ],
)
def test_a_coin_that_does_not_fit_is_refused(commitments: Any) -> None:
    plain = {**document(), "coin": {"commitments": commitments}}
    assert refuse(json.dumps(plain)).reason in {Reason.GENESIS_MALFORMED, Reason.GENESIS_INVALID}


def test_the_text_may_be_laid_out_otherwise() -> None:
    plain = document()
    plain["allocations"] = dict(reversed(plain["allocations"].items()))
    again = Genesis.from_json(json.dumps(dict(reversed(plain.items())), separators=(",", ":")))
    assert again.chain_id == GENESIS.chain_id


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "other"},
        {"engine": "paxos"},
        {"engine_parameters": {"window": 5, "checkpoint": 8}},
        {"faults": 0},
        {"timestamp_ms": 1},
        {"validators": tuple(reversed(GENESIS.validators))},
        {"allocations": {ALICE.public_key: 1}},
        {"limits": Limits(clock_drift_ms=1)},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_everything_in_it_is_part_of_the_chain_id(fields: dict[str, Any]) -> None:
    changed = msgspec.structs.replace(GENESIS, **fields)
    assert changed.chain_id != GENESIS.chain_id
    assert compute_genesis_id(changed) != compute_genesis_id(GENESIS)


def test_the_order_of_maps_is_no_part_of_the_chain_id() -> None:
    allocations = dict(reversed(GENESIS.allocations.items()))
    parameters = dict(reversed(GENESIS.engine_parameters.items()))
    same = make_genesis(allocations=allocations, engine_parameters=parameters)
    assert encode_genesis(same) == encode_genesis(GENESIS)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"name": ""}, "name"),
        ({"name": "Upper"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"engine": "no engine"}, "engine"),
        ({"validators": ()}, "validators"),
        ({"validators": (ALICE.public_key,) * 2}, "twice"),
        ({"validators": (bytes(31),), "faults": 0}, "32 bytes"),
        ({"allocations": {bytes(31): 1}}, "32 bytes"),
        ({"faults": 4}, "faults"),
        ({"faults": -1}, "faults"),
        ({"timestamp_ms": -1}, "timestamp"),
        ({"engine_parameters": {"window": -1}}, "parameters"),
        ({"engine_parameters": {"window": U64_MAX + 1}}, "parameters"),
        ({"allocations": {ALICE.public_key: 0}}, "amounts"),
        ({"allocations": {ALICE.public_key: U64_MAX, BOB.public_key: 1}}, "supply"),
        ({"limits": Limits(block_bytes_max=0)}, "limits"),
        ({"limits": Limits(block_bytes_max=100)}, "transaction_bytes_max"),
        (
            {"limits": Limits(transaction_bytes_max=2**20, block_bytes_max=2**21)},
            "transaction_bytes_max",
        ),
    ],
)
def test_contradictions(fields: dict[str, Any], word: str) -> None:
    with pytest.raises(GenesisError) as caught:
        make_genesis(**fields).check()
    assert caught.value.reason is Reason.GENESIS_INVALID
    assert word in caught.value.detail


def bend(path: str, value: object) -> str:
    plain = document()
    target = plain
    *parents, last = path.split(".")
    for parent in parents:
        target = target[parent]
    target[last] = value
    return json.dumps(plain)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "null",
        "{}",
        b"\xff\xfe",
        "[" * 100_000,
        GENESIS.to_json() + "x",
        GENESIS.to_json().replace('"name": "test"', '"name": "test", "name": "test"'),
        GENESIS.to_json().replace(
            '"1000"', '"1000", "' + encode_address(BOB.public_key) + '": "1"'
        ),
        bend("extra", 1),
        bend("name", 5),
        bend("timestamp_ms", "5"),
        bend("timestamp_ms", 1.5),
        bend("timestamp_ms", float("nan")),
        bend("engine.extra", 1),
        bend("engine.parameters", {"window": 1.5}),
        bend("limits.extra", 1),
        bend("limits.clock_drift_ms", None),
        bend("validators", ["nobody"]),
        bend("validators", [ALICE.public_key.hex()]),
        bend("allocations", {encode_address(CAROL.public_key): 10}),
        bend("allocations", {encode_address(CAROL.public_key): "-10"}),
        bend("allocations", {encode_address(CAROL.public_key): "0x10"}),
        bend("allocations", {encode_address(CAROL.public_key): "1_0"}),
        bend("allocations", {encode_address(CAROL.public_key): "١"}),
        bend("allocations", {encode_address(CAROL.public_key)[:-1] + "q": "10"}),
    ],
)
def test_unreadable(text: str | bytes) -> None:
    assert refuse(text).reason is Reason.GENESIS_MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        bend("format", "quorate-genesis/2"),
        bend("engine.faults", 7),
        bend("limits.block_bytes_max", -1),
        bend("allocations", {encode_address(CAROL.public_key): str(2**64)}),
    ],
)
def test_readable_but_senseless(text: str) -> None:
    assert refuse(text).reason is Reason.GENESIS_INVALID


def test_a_missing_field_is_named() -> None:
    plain = document()
    del plain["validators"]
    assert "validators" in refuse(json.dumps(plain)).detail


def test_block_zero() -> None:
    leaves = compute_genesis_leaves(GENESIS)
    header = compute_genesis_header(GENESIS, leaves)
    assert len(leaves) == len(GENESIS.allocations) + 1
    assert (header.height, header.parent) == (0, GENESIS.chain_id)
    assert (header.proposer, header.timestamp_ms) == (b"", GENESIS.timestamp_ms)
    assert header_id(header) == compute_genesis_id(GENESIS)
    assert GENESIS.total_supply == 1_001_010
    assert len(VALIDATORS) == len(GENESIS.validators)
