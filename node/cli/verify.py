"""`quorate verify`: checks a proof with nothing but the genesis."""

import asyncio
import json as json_lib
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.address import decode_address, encode_address
from ledger.genesis import Genesis
from ledger.leaves import AccountState, RecordState, account_key, record_key
from ledger.light import VerifiedState, VerifiedTransaction
from ledger.proofs import Proof, decode_proof, proof_from_plain
from ledger.transaction import Transfer
from node.cli.asynchronous import asynchronous
from node.cli.output import print_json, print_pairs
from node.cli.remote import Json, RequestError, parse_hash
from node.client import Client, RefusedError
from node.light import verify_by

NOT_YET = "proof-not-certified"
RETRY_S = 0.5
PROOF_BYTES_MAX = 64 * 1024 * 1024


@asynchronous
async def verify(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            help="A proof: JSON, an answer of the API with a proof in it, or its bytes in hex."
            " - reads standard input.",
        ),
    ] = None,
    *,
    genesis: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The network's genesis.json.")
    ],
    url: Annotated[
        str | None, typer.Option(help="Fetch the proof from this node instead of a FILE.")
    ] = None,
    transaction: Annotated[
        str | None, typer.Option(metavar="HASH", help="It must be about this transaction.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="It must be about this account.")
    ] = None,
    record: Annotated[
        str | None, typer.Option(metavar="KEY", help="… about this record of the account.")
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait until the node can prove it.")
    ] = 10.0,
    json: Json = False,
) -> None:
    """Check a proof of a transaction or of the state; trusts the genesis and nobody else.

    The exit status is 0 only if the proof convinces: its certificate carries a quorum of valid
    signatures of the genesis's validators, or of a later committee that certificates lead to from
    there, and everything else leads to it.
    """
    network = Genesis.from_json(genesis.read_bytes())
    if (file is None) == (url is None):
        raise RequestError("give either a FILE or --url")
    if url is not None:
        proof = await fetch_proof(url, transaction, account, record, wait)
    else:
        assert file is not None
        proof = parse_proof(read_input(file))
    verified, tenure = verify_by(network, proof)
    check_subject(verified, transaction, account, record)
    answer = describe(verified) | {"committee_since": tenure.since}
    print_json(answer) if json else print_pairs(answer)


def read_input(file: str) -> bytes:
    """A file's bytes, or standard input's; raises `RequestError`."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise RequestError(f"{file} cannot be read: {error}", reason="proof-unreadable") from error


async def fetch_proof(
    url: str, transaction: str | None, account: str | None, record: str | None, wait_s: float
) -> Proof:
    """Ask a node for a proof, again while it says "not yet"."""
    deadline = time.monotonic() + wait_s
    async with Client(url) as client:
        while True:
            try:
                raw = await ask_proof(client, transaction, account, record)
            except RefusedError as error:
                if error.reason != NOT_YET or time.monotonic() >= deadline:
                    raise
                await asyncio.sleep(RETRY_S)
                continue
            if raw is None:
                raise RequestError("the node gave no proof", reason="proof-unavailable")
            return decode_proof(raw)


async def ask_proof(
    client: Client, transaction: str | None, account: str | None, record: str | None
) -> bytes | None:
    """The canonical bytes of the proof that the options describe."""
    if transaction is not None and account is None and record is None:
        return (await client.transaction(parse_hash(transaction), proof=True)).proof
    if account is None or transaction is not None:
        raise RequestError("with --url give --transaction HASH, or --account ADDRESS")
    decode_address(account)
    if record is not None:
        return (await client.record(account, record.encode(), proof=True)).proof
    return (await client.account(account, proof=True)).proof


def parse_proof(data: bytes) -> Proof:
    """A proof in any of its written forms; raises `ProofError` or `RequestError`."""
    text = data[:PROOF_BYTES_MAX].decode("ascii", errors="replace").strip()
    if not text.startswith("{"):
        return decode_proof(parse_hex(text))
    try:
        plain: dict[str, Any] = json_lib.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"not JSON: {error}", reason="proof-malformed") from error
    if isinstance(inner := plain.get("proof"), str):
        return decode_proof(parse_hex(inner))
    return proof_from_plain(plain)


def parse_hex(text: str) -> bytes:
    """Bytes from hex; raises `RequestError`."""
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise RequestError(f"not a proof: {error}", reason="proof-malformed") from error


def check_subject(
    verified: VerifiedTransaction | VerifiedState,
    transaction: str | None,
    account: str | None,
    record: str | None,
) -> None:
    """A sound proof about something else proves nothing here; raises `RequestError`."""
    if isinstance(verified, VerifiedTransaction):
        is_wanted = account is None and record is None
        is_wanted &= transaction is None or parse_hash(transaction) == verified.envelope.id
    else:
        is_wanted = transaction is None
        if account is not None:
            owner = decode_address(account)
            key = account_key(owner) if record is None else record_key(owner, record.encode())
            is_wanted &= key == verified.state_key
    if not is_wanted:
        raise RequestError("the proof is about something else", reason="proof-other-subject")


def describe(verified: VerifiedTransaction | VerifiedState) -> dict[str, Any]:
    """What the proof shows."""
    answer: dict[str, Any] = {"verified": True}
    if isinstance(verified, VerifiedState):
        answer |= describe_state(verified)
    else:
        transaction = verified.envelope.transaction
        answer |= {
            "transaction": verified.envelope.id.hex(),
            "outcome": str(verified.receipt.status),
            "sender": encode_address(transaction.sender),
            "nonce": transaction.nonce,
            "index": verified.index,
            "certified_height": verified.certified_height,
        }
        if isinstance(payload := transaction.payload, Transfer):
            answer |= {
                "recipient": encode_address(payload.recipient),
                "amount": str(payload.amount),
            }
    return answer | {"height": verified.header.height, "block": verified.block_id.hex()}


def describe_state(verified: VerifiedState) -> dict[str, Any]:
    """An account or record, present or absent; other entries by their key."""
    key, leaf = verified.state_key, verified.leaf
    answer: dict[str, Any] = {"exists": leaf is not None}
    if key[:1] in {b"\x00", b"\x01"}:
        answer["account"] = encode_address(key[1:33])
    if key[:1] == b"\x00":
        state = leaf if isinstance(leaf, AccountState) else AccountState()
        answer |= {"balance": str(state.balance), "nonce": state.nonce}
    elif key[:1] == b"\x01":
        value = leaf.value.hex() if isinstance(leaf, RecordState) else None
        answer |= {"key": key[33:].hex(), "value": value}
    else:
        answer["state_key"] = key.hex()
    return answer
