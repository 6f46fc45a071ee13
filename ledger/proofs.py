r"""Proofs for somebody who holds the genesis and nothing else.

```text
transaction proof = [1, raw transaction, receipt, index, size, transaction path, receipt path,
                     [header, ...], certificate]
state proof       = [2, state key, leaf or nil, bucket entries, siblings from the root, header,
                     certificate]
followed proof    = [3, [state proof, ...], proof]    where the committee has changed: see `following`
```

A transaction proof runs from the transaction over its block's header along the following headers,
each naming its parent, to one that a certificate covers. A state proof shows the bucket where the
leaf stands, or where it would stand if it existed, under a certified header. The certificate is the
engine's; it is empty at height 0, whose block everybody computes from the genesis.
"""

import json
from types import UnionType
from typing import Any, TypeAlias, TypeVar, get_args

import msgspec

from ledger.block import Header
from ledger.codec import U64, Codec, Hash, encode
from ledger.errors import ProofError
from ledger.reasons import Reason

P = TypeVar("P", bound="TransactionProof | StateProof")


class TransactionProof(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=1
):
    """A transaction stands in a certified chain, and this is what became of it."""

    raw: bytes
    receipt: bytes
    index: U64
    size: U64
    transaction_path: tuple[Hash, ...]
    receipt_path: tuple[Hash, ...]
    headers: tuple[Header, ...]
    certificate: bytes


class StateProof(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=2):
    """A leaf has this content, or does not exist, in a certified state."""

    state_key: bytes
    leaf: bytes | None
    entries: bytes
    siblings: tuple[Hash, ...]
    header: Header
    certificate: bytes


class FollowedProof(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=3
):
    """A proof whose certificate is a later committee's, and the steps that lead to that."""

    steps: tuple[StateProof, ...]
    proof: TransactionProof | StateProof


AccountProof: TypeAlias = StateProof
RecordProof: TypeAlias = StateProof
Proof: TypeAlias = TransactionProof | StateProof | FollowedProof

_codec: Codec[Proof] = Codec(
    TransactionProof | StateProof | FollowedProof,
    ProofError,
    Reason.PROOF_MALFORMED,
    Reason.PROOF_MALFORMED,
)
_KINDS: dict[str, type[TransactionProof | StateProof]] = {
    "transaction": TransactionProof,
    "state": StateProof,
}
_FOLLOWED = "followed"


def encode_proof(proof: Proof) -> bytes:
    """The canonical bytes."""
    return encode(proof)


def decode_proof(data: bytes) -> Proof:
    """The proof that `data` spells; raises `ProofError` (proof-malformed)."""
    return _codec.decode(data)


def proof_to_plain(proof: Proof) -> dict[str, Any]:
    """A value for JSON: bytes as lower-case hex, `kind` first."""
    if isinstance(proof, FollowedProof):
        steps = list(map(proof_to_plain, proof.steps))
        return {"kind": _FOLLOWED, "steps": steps, "proof": proof_to_plain(proof.proof)}
    kind = next(name for name, form in _KINDS.items() if isinstance(proof, form))
    plain: dict[str, Any] = _to_plain(proof)
    return {"kind": kind} | plain


def proof_to_json(proof: Proof) -> str:
    """The JSON form of a proof."""
    return json.dumps(proof_to_plain(proof), indent=2)


def proof_from_json(text: str | bytes) -> Proof:
    """The proof that a JSON text describes; raises `ProofError` (proof-malformed)."""
    try:
        return proof_from_plain(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise ProofError(Reason.PROOF_MALFORMED, str(error)) from error


def proof_from_plain(plain: Any) -> Proof:
    """The inverse of `proof_to_plain`; raises `ProofError` (proof-malformed)."""
    try:
        proof = _read_plain(plain)
        return _codec.decode(encode(proof))  # the decoder checks types and lengths
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ProofError(Reason.PROOF_MALFORMED, str(error)) from error


def _read_plain(plain: Any) -> Any:
    if not isinstance(plain, dict):
        raise TypeError("a proof is an object")
    fields = {name: value for name, value in plain.items() if name != "kind"}
    if plain["kind"] != _FOLLOWED:
        return _from_plain(_KINDS[plain["kind"]], fields)
    if set(fields) != {"steps", "proof"} or fields["proof"]["kind"] == _FOLLOWED:
        raise ValueError("fields are steps, proof")
    return FollowedProof(tuple(map(_read_plain, fields["steps"])), _read_plain(fields["proof"]))


def _to_plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {name: _to_plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return [_to_plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


def _from_plain(kind: Any, value: Any) -> Any:
    """Read `value` as a `kind`: a struct, a tuple of one kind, bytes, an integer or an optional."""
    if isinstance(kind, UnionType):
        return None if value is None else _from_plain(get_args(kind)[0], value)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        types = {field.name: field.type for field in msgspec.structs.fields(kind)}
        if set(value) != set(types):
            raise ValueError(f"fields are {', '.join(types)}")
        return kind(**{name: _from_plain(types[name], value[name]) for name in types})
    if getattr(kind, "__origin__", None) is tuple:
        return tuple(_from_plain(get_args(kind)[0], item) for item in value)
    plain = getattr(kind, "__origin__", kind)
    return bytes.fromhex(value) if plain is bytes else value
