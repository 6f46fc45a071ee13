"""`quorate committee`: who decides, and votes for another committee."""

from typing import Annotated, Any

import typer

from ledger.address import decode_address, encode_address
from ledger.keys import KeyPair
from ledger.transaction import Reconfigure, build
from node.api.node_models import ValidatorsAnswer
from node.cli.asynchronous import asynchronous
from node.cli.keys_group import DEFAULT_FOLDER, Folder, find_key_file
from node.cli.output import EXIT_FAILURE, print_json, print_line, print_pairs
from node.cli.remote import DEFAULT_URL, Json, RequestError, Url
from node.client import Client
from node.identity import load_identity

app = typer.Typer(no_args_is_help=True, help="The committee: who decides, and how to change it.")

VALID_HEIGHTS = 1_000


@app.command("show")
@asynchronous
async def show(*, url: Url = DEFAULT_URL, json: Json = False) -> None:
    """Say who decides, since which height, who will be next, and which votes are open."""
    async with Client(url) as client:
        answer = await client.validators()
    print_json(answer.model_dump(mode="json")) if json else print_committee(answer)


def print_committee(answer: ValidatorsAnswer) -> None:
    """The committee for people."""
    print_pairs({"height": answer.height, "since": answer.since, "faults": answer.faults})
    for one in answer.validators:
        state = "leads" if one.is_leader else "connected" if one.is_connected else "unreachable"
        print_line(f"{one.name}  {encode_address(one.public_key)}  {state}")
    if (following := answer.next) is not None:
        names = ", ".join(f"validator-{replica}" for replica in following.replicas)
        print_line(f"next     {names}; faults {following.faults}, above height {following.since}")
    for vote in answer.votes:
        words = [f"add {encode_address(vote.add)}"] if vote.add else []
        words += [f"remove {encode_address(vote.remove)}"] if vote.remove else []
        print_line(f"vote     validator-{vote.replica}: {', '.join(words)}, faults {vote.faults}")


def read_change(add: str | None, remove: str | None) -> tuple[bytes, bytes]:
    """The keys of a change, empty for none; raises `RequestError` and `AddressError`."""
    if add is None and remove is None:
        raise RequestError("no change", advice="give --add ADDRESS, --remove ADDRESS, or both")
    if add == remove:
        raise RequestError("adding and removing the same validator changes nothing")
    added, removed = (b"" if text is None else decode_address(text) for text in (add, remove))
    return added, removed


@app.command("vote")
@asynchronous
async def vote(
    *,
    key: Annotated[str, typer.Option("--from", metavar="NAME|FILE", help="A validator's key.")],
    add: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The committee with this validator.")
    ] = None,
    remove: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The committee without this one.")
    ] = None,
    faults: Annotated[
        int | None, typer.Option(min=0, help="Faults it is to stand. Default: as now.")
    ] = None,
    fee: Annotated[int, typer.Option(min=0, help="Goes to the proposer of the block.")] = 0,
    wait: Annotated[float, typer.Option(min=0, max=60, help="Seconds to wait; 0 for none.")] = 10.0,
    url: Url = DEFAULT_URL,
    folder: Folder = DEFAULT_FOLDER,
    json: Json = False,
) -> None:
    """Vote for another committee with a validator's own key.

    It takes office when a quorum of the present members wants the very same, at a height that
    `quorate committee show` tells. A later vote replaces an earlier one. Let the new validator's
    node follow the network, and catch up, before anybody votes.
    """
    added, removed = read_change(add, remove)
    pair = KeyPair(load_identity(find_key_file(key, folder)).seed)
    async with Client(url) as client:
        status, committee = await client.status(), await client.validators()
        nonce = (await client.account(encode_address(pair.public_key))).next_nonce
        payload = Reconfigure(added, removed, committee.faults if faults is None else faults)
        until = status.final_height + VALID_HEIGHTS
        envelope = build(status.chain_id, pair, nonce, fee, until, payload)
        answer = await client.submit(envelope.raw, wait_s=wait or None)
    plain: dict[str, Any] = answer.model_dump(mode="json")
    print_json(plain) if json else print_pairs(plain)
    is_good = answer.status.value == "final" or (not wait and answer.outcome.value != "rejected")
    raise typer.Exit(0 if is_good else EXIT_FAILURE)
