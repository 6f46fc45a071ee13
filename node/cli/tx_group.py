"""`quorate tx`: one transaction, sent or looked up."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ledger.address import decode_address, encode_address
from ledger.keys import KeyPair
from ledger.transaction import Record, TransactionPayload, Transfer, build
from node.cli.asynchronous import asynchronous
from node.cli.keys_group import DEFAULT_FOLDER, Folder, find_key_file
from node.cli.output import EXIT_FAILURE, print_json, print_line, print_pairs
from node.cli.remote import DEFAULT_URL, Consistency, Json, RequestError, Url, parse_hash
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
    consistency: Annotated[
        Consistency, typer.Option(help="linearizable: as of now, not of what the node has seen.")
    ] = Consistency.LOCAL,
    json: Json = False,
) -> None:
    """Say how a transaction stands; the exit status is 1 where the node has never seen it.

    Where blocks can be undone: how many confirm it, the exact chance that an attacker with a given
    share of all work reverses that, and what has happened to the transaction so far.
    """
    async with Client(url) as client:
        answer = await client.transaction(
            parse_hash(hash_), proof=proof, linearizable=consistency is Consistency.LINEARIZABLE
        )
    plain = answer.model_dump(mode="json", exclude_none=True)
    print_json(plain) if json else print_story(plain)
    raise typer.Exit(EXIT_FAILURE if answer.status.value == "unknown" else 0)


def print_story(plain: Mapping[str, Any]) -> None:
    """A transaction for people: risks and turns one a line, after everything else."""
    print_pairs({name: value for name, value in plain.items() if name not in {"risks", "story"}})
    for risk in plain.get("risks", ()):
        share, chance = risk["attacker_share"], risk["chance"]
        print_line(f"risk     an attacker with {share:.0%} of all work reverses it: {chance:.3g}")
    for chapter in plain.get("story", ()):
        print_line(describe_chapter(chapter))


def describe_chapter(chapter: Mapping[str, Any]) -> str:
    """One turn of a story in words."""
    turn, height = chapter["turn"], chapter.get("height")
    words = {
        "pending": "came in",
        "included": f"included at height {height}",
        "returned": f"back in the mempool: the block at height {height} was undone",
        "final": f"final at height {height}",
        "dropped": f"dropped: {chapter.get('reason')}",
    }
    at = datetime.fromtimestamp(chapter["at_ms"] / 1000, tz=UTC)
    return f"story    {at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}  {words.get(turn, turn)}"
