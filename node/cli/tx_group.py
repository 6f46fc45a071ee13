"""`quorate tx`: one transaction, sent or looked up."""

from typing import Annotated

import typer

from ledger.address import decode_address, encode_address
from ledger.keys import KeyPair
from ledger.transaction import Record, TransactionPayload, Transfer, build
from node.cli.asynchronous import asynchronous
from node.cli.keys_group import DEFAULT_FOLDER, Folder, find_key_file
from node.cli.output import EXIT_FAILURE, print_json, print_pairs
from node.cli.remote import DEFAULT_URL, Json, RequestError, Url, parse_hash
from node.client import Client
from node.identity import load_identity

app = typer.Typer(no_args_is_help=True, help="One transaction: send it, look it up.")

VALID_HEIGHTS = 1_000


@app.command("send")
@asynchronous
async def send(
    *,
    key: Annotated[str, typer.Option("--from", metavar="NAME|FILE", help="The sender's key.")],
    to: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Who is paid.")] = None,
    amount: Annotated[int | None, typer.Option(min=1, help="How much.")] = None,
    record: Annotated[
        str | None,
        typer.Option(metavar="KEY=VALUE", help="Instead of a payment: keep a value under a key."),
    ] = None,
    fee: Annotated[int, typer.Option(min=0, help="Goes to the proposer of the block.")] = 0,
    nonce: Annotated[
        int | None, typer.Option(min=0, help="Default: the account's next one.")
    ] = None,
    valid: Annotated[
        int, typer.Option(min=1, help="Give up after so many heights.")
    ] = VALID_HEIGHTS,
    wait: Annotated[
        float, typer.Option(min=0, max=60, help="Seconds to wait for the outcome; 0 for none.")
    ] = 10.0,
    url: Url = DEFAULT_URL,
    folder: Folder = DEFAULT_FOLDER,
    json: Json = False,
) -> None:
    """Sign and send a payment, or a record, and wait until it is final.

    The exit status is 0 if it is final, or was accepted where nothing was waited for. An answer
    that is not definite says that time ran out first: the transaction may still be applied.
    """
    pair = KeyPair(load_identity(find_key_file(key, folder)).seed)
    payload = make_payload(to, amount, record)
    async with Client(url) as client:
        status = await client.status()
        if nonce is None:
            nonce = (await client.account(encode_address(pair.public_key))).next_nonce
        until = status.final_height + valid
        envelope = build(status.chain_id, pair, nonce, fee, until, payload)
        answer = await client.submit(envelope.raw, wait_s=wait or None)
    plain = answer.model_dump(mode="json")
    print_json(plain) if json else print_pairs(plain)
    is_good = answer.status.value == "final" or (not wait and answer.outcome.value != "rejected")
    raise typer.Exit(0 if is_good else EXIT_FAILURE)


def make_payload(to: str | None, amount: int | None, record: str | None) -> TransactionPayload:
    """A payment or a record, never both; raises `RequestError` or `AddressError`."""
    if record is not None and to is None and amount is None:
        name, separator, value = record.partition("=")
        if separator and name:
            return Record(name.encode(), value.encode())
    if record is None and to is not None and amount is not None:
        return Transfer(decode_address(to), amount)
    raise RequestError(
        "neither a payment nor a record",
        advice="give --to and --amount, or --record KEY=VALUE (an empty value deletes the record)",
    )


@app.command("show")
@asynchronous
async def show(
    hash_: Annotated[str, typer.Argument(metavar="HASH", help="64 hexadecimal digits.")],
    *,
    url: Url = DEFAULT_URL,
    proof: Annotated[
        bool, typer.Option("--proof", help="With the inclusion proof; `quorate verify` reads it.")
    ] = False,
    json: Json = False,
) -> None:
    """Say how a transaction stands; the exit status is 1 where the node has never seen it."""
    async with Client(url) as client:
        answer = await client.transaction(parse_hash(hash_), proof=proof)
    plain = answer.model_dump(mode="json", exclude_none=True)
    print_json(plain) if json else print_pairs(plain)
    raise typer.Exit(EXIT_FAILURE if answer.status.value == "unknown" else 0)
