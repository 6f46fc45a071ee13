r"""Genesis: what a network starts from, and whose hash is its chain id.

The file is strict JSON: every key known, none twice, addresses with checksums, amounts as decimal
strings. Hashed is not the text but a canonical encoding:

```text
genesis  = [name, timestamp ms, engine, [[parameter, value], ...], faults, [validator (32), ...],
            [[account (32), amount], ...], limits]           parameters and accounts in sorted order
chain id = SHA-256("quorate/genesis/1\0" genesis)
```

Where engines toss a common coin, one more item follows: [commitment (32), ...], see `ledger.coin`.
"""

import json
import re
from functools import cached_property
from typing import Annotated, Any

import msgspec

from ledger.address import decode_address, encode_address
from ledger.block import NO_PROPOSER, Header, header_id
from ledger.codec import U64_MAX, encode
from ledger.coin.group import POINT_BYTES, is_point
from ledger.errors import AddressError, GenesisError
from ledger.hashing import GENESIS_DOMAIN, HASH_SIZE_BYTES, compute_payload_digest, hash_with_domain
from ledger.leaves import (
    COMMITTEE_KEY,
    AccountState,
    CommitteeState,
    account_key,
    hash_key,
    hash_value,
)
from ledger.limits import Limits
from ledger.merkle import EMPTY_ROOT
from ledger.reasons import Reason
from ledger.state_tree import build
from ledger.transaction import TRANSACTION_BYTES_HARD_MAX

FORMAT = "quorate-genesis/1"
VALIDATORS_MAX = 256
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_AMOUNT = re.compile(r"0|[1-9][0-9]{0,19}")


class _Canonical(msgspec.Struct, frozen=True, array_like=True):
    name: str
    timestamp_ms: int
    engine: str
    parameters: tuple[tuple[str, int], ...]
    faults: int
    validators: tuple[bytes, ...]
    allocations: tuple[tuple[bytes, int], ...]
    limits: Limits


class _CanonicalWithCoin(_Canonical, frozen=True, array_like=True):
    commitments: tuple[bytes, ...]


class Genesis(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A network's beginning; `check` says whether it makes sense.

    `validators` are public keys in the order in which they lead; `allocations` map public keys to
    amounts; `timestamp_ms` counts from the Unix epoch and is block 0's time. Whether the engine
    exists and its parameters and `faults` fit is for the engine's catalog to say. `commitments` are
    those of the common coin's dealer, none where the engine needs no such coin.
    """

    name: str
    engine: str
    validators: tuple[bytes, ...]
    faults: int = 0
    engine_parameters: dict[str, int] = msgspec.field(default_factory=dict)
    allocations: dict[bytes, int] = msgspec.field(default_factory=dict)
    timestamp_ms: int = 0
    limits: Limits = msgspec.field(default_factory=Limits)
    commitments: tuple[bytes, ...] = ()

    @cached_property
    def chain_id(self) -> bytes:
        """The 32-byte hash that names the network."""
        return hash_with_domain(GENESIS_DOMAIN, encode_genesis(self))

    @property
    def total_supply(self) -> int:
        """All there is and ever will be."""
        return sum(self.allocations.values())

    def to_json(self) -> str:
        """The text of the genesis file."""
        return format_genesis(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Genesis":
        """Read and check a genesis file's text; raises `GenesisError`."""
        return parse_genesis(text)

    def check(self) -> None:
        """Raise `GenesisError` (genesis-invalid) unless it makes sense by itself."""
        check_genesis(self)


def encode_genesis(genesis: Genesis) -> bytes:
    """The canonical bytes that the chain id is the hash of."""
    content = (
        genesis.name,
        genesis.timestamp_ms,
        genesis.engine,
        tuple(sorted(genesis.engine_parameters.items())),
        genesis.faults,
        genesis.validators,
        tuple(sorted(genesis.allocations.items())),
        genesis.limits,
    )
    if genesis.commitments:
        return encode(_CanonicalWithCoin(*content, genesis.commitments))
    return encode(_Canonical(*content))


def _require(condition: bool, detail: str) -> None:
    if not condition:
        raise GenesisError(Reason.GENESIS_INVALID, detail)


def check_genesis(genesis: Genesis) -> None:
    """See `Genesis.check`."""
    _require(_NAME.fullmatch(genesis.name) is not None, "name: lower-case letters, digits, hyphens")
    _require(_NAME.fullmatch(genesis.engine) is not None, "engine: not a name")
    _require(1 <= len(genesis.validators) <= VALIDATORS_MAX, f"1 to {VALIDATORS_MAX} validators")
    _require(len(set(genesis.validators)) == len(genesis.validators), "a validator stands twice")
    keys = [*genesis.validators, *genesis.allocations]
    _require(all(len(key) == HASH_SIZE_BYTES for key in keys), "public keys have 32 bytes")
    _require(0 <= genesis.faults < len(genesis.validators), "faults: from 0 to validators - 1")
    _require(0 <= genesis.timestamp_ms < 2**63, "timestamp_ms: milliseconds since 1970")
    numbers = genesis.engine_parameters.values()
    _require(all(0 <= value <= U64_MAX for value in numbers), "engine parameters are unsigned")
    _require(all(amount > 0 for amount in genesis.allocations.values()), "amounts are above zero")
    _require(genesis.total_supply <= U64_MAX, "the total supply exceeds 64 bits")
    commitments = genesis.commitments
    _require(len(commitments) in {0, genesis.faults + 1}, "coin: faults + 1 commitments, or none")
    _require(
        all(len(one) == POINT_BYTES and is_point(one) for one in commitments),
        "coin: a commitment is not a point of Ed25519's prime order",
    )
    limits = genesis.limits
    _require(all(value > 0 for value in msgspec.structs.astuple(limits)), "limits are above zero")
    _require(
        limits.transaction_bytes_max <= min(limits.block_bytes_max, TRANSACTION_BYTES_HARD_MAX),
        f"transaction_bytes_max: at most block_bytes_max and {TRANSACTION_BYTES_HARD_MAX}",
    )


def format_genesis(genesis: Genesis) -> str:
    """See `Genesis.to_json`."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "name": genesis.name,
        "timestamp_ms": genesis.timestamp_ms,
        "engine": {
            "name": genesis.engine,
            "parameters": dict(sorted(genesis.engine_parameters.items())),
            "faults": genesis.faults,
        },
        "validators": [encode_address(key) for key in genesis.validators],
        "allocations": {
            encode_address(key): str(amount) for key, amount in sorted(genesis.allocations.items())
        },
        "limits": msgspec.structs.asdict(genesis.limits),
    }
    if genesis.commitments:
        document["coin"] = {"commitments": [one.hex() for one in genesis.commitments]}
    return json.dumps(document, indent=2) + "\n"


class _EngineFile(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    parameters: dict[str, int]
    faults: int


class _LimitsFile(msgspec.Struct, forbid_unknown_fields=True):
    block_transactions_max: int
    block_bytes_max: int
    transaction_bytes_max: int
    record_key_bytes_max: int
    record_value_bytes_max: int
    clock_drift_ms: int


class _CoinFile(msgspec.Struct, forbid_unknown_fields=True):
    commitments: list[Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    name: str
    timestamp_ms: int
    engine: _EngineFile
    validators: list[str]
    allocations: dict[str, str]
    limits: _LimitsFile
    coin: _CoinFile | None = None


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(result := dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result


def _parse_amount(text: str) -> int:
    if _AMOUNT.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a decimal amount")
    return int(text)


def parse_genesis(text: str | bytes) -> Genesis:
    """See `Genesis.from_json`."""
    try:
        plain = json.loads(text, object_pairs_hook=_refuse_duplicates)
        file = msgspec.convert(plain, _File)
        _require(file.format == FORMAT, f"format {file.format!r}, expected {FORMAT!r}")
        _require(file.coin is None or bool(file.coin.commitments), "coin: no commitments")
        commitments = [] if file.coin is None else file.coin.commitments
        allocations = [(decode_address(a), _parse_amount(n)) for a, n in file.allocations.items()]
        genesis = Genesis(
            name=file.name,
            timestamp_ms=file.timestamp_ms,
            engine=file.engine.name,
            engine_parameters=file.engine.parameters,
            faults=file.engine.faults,
            validators=tuple(decode_address(address) for address in file.validators),
            allocations=dict(allocations),
            limits=Limits(**msgspec.structs.asdict(file.limits)),
            commitments=tuple(map(bytes.fromhex, commitments)),
        )
    except (msgspec.MsgspecError, ValueError, RecursionError, AddressError) as error:
        raise GenesisError(Reason.GENESIS_MALFORMED, str(error)) from error
    genesis.check()
    return genesis


def compute_genesis_leaves(genesis: Genesis) -> dict[bytes, bytes]:
    """The state at height 0: key hash → encoded leaf."""
    leaves = {
        hash_key(account_key(key)): encode(AccountState(amount, 0))
        for key, amount in genesis.allocations.items()
    }
    committee = CommitteeState(genesis.validators, genesis.faults)
    leaves[hash_key(COMMITTEE_KEY)] = encode(committee)
    return leaves


def compute_genesis_header(genesis: Genesis, leaves: dict[bytes, bytes]) -> Header:
    """Block 0: its parent is the chain id, it orders nothing, its state is the allocations."""
    tree = build((key_hash, hash_value(leaf)) for key_hash, leaf in sorted(leaves.items()))
    return Header(
        height=0,
        parent=genesis.chain_id,
        payload_digest=compute_payload_digest(b""),
        transaction_root=EMPTY_ROOT,
        state_root=tree.hash,
        receipts_root=EMPTY_ROOT,
        timestamp_ms=genesis.timestamp_ms,
        proposer=NO_PROPOSER,
    )


def compute_genesis_id(genesis: Genesis) -> bytes:
    """The id of block 0, from the genesis alone."""
    return header_id(compute_genesis_header(genesis, compute_genesis_leaves(genesis)))
