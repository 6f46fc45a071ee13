"""Accounts and their records, with proofs at the last certified height."""

from aiohttp import web

from ledger.address import decode_address
from ledger.errors import AddressError, LedgerError
from ledger.proofs import encode_proof
from node.api import consistency
from node.api.fields import ADDRESS_SCHEMA
from node.api.models import AccountAnswer, RecordAnswer
from node.api.problems import Problem
from node.api.queries import read_flag
from node.api.routing import PROOF, Api, Parameter, Route, answer, read_path
from node.api.views import refuse_proof


def read_address(request: web.Request) -> bytes:
    """The public key behind the address in the path."""
    try:
        return decode_address(request.match_info["address"])
    except AddressError as error:
        raise Problem(
            str(error.reason.value), error.detail, status=400, title="The address is mistyped"
        ) from error


async def serve_account(api: Api, request: web.Request) -> web.Response:
    """Balance and nonce; one that was never heard of is empty, which can be proved too."""
    wants_proof = read_flag(request, "proof")
    public_key = read_address(request)
    await consistency.await_consistency(api, request)
    chain = api.backend.chain
    state = chain.account(public_key)
    proof = None
    if wants_proof:
        try:
            proof = encode_proof(chain.follow(chain.prove_account(public_key)))
        except LedgerError as error:
            raise refuse_proof(error) from error
    return answer(
        AccountAnswer(
            address=public_key,
            public_key=public_key,
            balance=str(state.balance),
            nonce=state.nonce,
            next_nonce=api.backend.next_nonce(public_key),
            height=chain.height,
            proof=proof,
        )
    )


async def serve_record(api: Api, request: web.Request) -> web.Response:
    """The value under a key; that there is none is an answer, which can be proved too."""
    wants_proof = read_flag(request, "proof")
    owner, key = read_address(request), read_path(request, "key")
    await consistency.await_consistency(api, request)
    chain = api.backend.chain
    proof = None
    if wants_proof:
        try:
            proof = encode_proof(chain.follow(chain.prove_record(owner, key)))
        except LedgerError as error:
            raise refuse_proof(error) from error
    value = chain.get_record(owner, key)
    return answer(RecordAnswer(owner=owner, key=key, value=value, height=chain.height, proof=proof))


TAG = "accounts"
ADDRESS = Parameter("address", "An account's address.", ADDRESS_SCHEMA, "path")
ROUTES = (
    Route(
        "GET",
        "/v1/accounts/{address}",
        serve_account,
        "Balance and nonce of an account.",
        {200: AccountAnswer},
        TAG,
        parameters=(ADDRESS, PROOF, *consistency.PARAMETERS),
        problems=(409, *consistency.PROBLEMS),
        description=consistency.DESCRIPTION,
    ),
    Route(
        "GET",
        "/v1/accounts/{address}/records/{key}",
        serve_record,
        "What an account keeps under a key.",
        {200: RecordAnswer},
        TAG,
        parameters=(
            ADDRESS,
            Parameter("key", "Hex.", {"type": "string", "pattern": "^([0-9a-f]{2})+$"}, "path"),
            PROOF,
            *consistency.PARAMETERS,
        ),
        problems=(409, *consistency.PROBLEMS),
        description=consistency.DESCRIPTION,
    ),
)
