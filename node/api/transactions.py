"""Submitting transactions, one or many, and asking what became of them."""

from aiohttp import web

from ledger.codec import encode
from ledger.errors import LedgerError
from ledger.proofs import encode_proof
from ledger.reasons import Reason
from ledger.transaction import (
    Reconfigure,
    Record,
    Transaction,
    TransactionPayload,
    Transfer,
)
from node.api import consistency
from node.api.backend import (
    SETTLED,
    Outcome,
    Submission,
    TransactionStatus,
    TransactionView,
    is_definite,
)
from node.api.bodies import (
    JSON_TYPE,
    MSGPACK_TYPE,
    OCTETS_TYPE,
    content_type,
    parse_json,
    parse_msgpack_batch,
    read_body,
    validate,
)
from node.api.hot import encode_batch
from node.api.models import (
    BatchAnswer,
    CommitteeFields,
    SubmissionAnswer,
    TransactionAnswer,
    TransactionFields,
    TransferFields,
)
from node.api.problems import Problem
from node.api.queries import read_choice, read_flag, read_seconds
from node.api.routing import HASH_SCHEMA, PROOF, Api, Parameter, Route, answer, read_path
from node.api.views import refuse_proof, show_transaction

HASH_SIZE = 32
UNAVAILABLE_RETRY_S = 1


async def submit_transaction(api: Api, request: web.Request) -> web.Response:
    """One transaction; with `wait=final`, its outcome."""
    wait_s = read_wait(api, request)
    media = content_type(request, JSON_TYPE, OCTETS_TYPE)
    body = await read_body(request, api.limits.transaction_body_bytes_max)
    raw = body if media == OCTETS_TYPE else to_raw(validate(TransactionFields, parse_json(body)))
    submission = (await api.backend.submit([raw]))[0]
    if submission.outcome is Outcome.REJECTED:
        raise refuse(submission)
    assert submission.id is not None
    view = None
    if wait_s is not None:
        view = await api.backend.wait_final(submission.id, wait_s)
    if submission.outcome is Outcome.KNOWN:
        raise refuse_known(submission, view)
    return answer_accepted(submission, view, wait_s)


def read_wait(api: Api, request: web.Request) -> float | None:
    """How long to wait for the outcome; None when not at all."""
    waits = read_choice(request, "wait", ("final",)) is not None
    timeout_s = read_seconds(request, "timeout", api.limits.wait_s_max)
    if not waits:
        if timeout_s is not None:
            raise Problem("query-conflict", "timeout goes with wait=final")
        return None
    return api.limits.wait_s_default if timeout_s is None else timeout_s


def to_raw(fields: TransactionFields) -> bytes:
    """The canonical bytes of a transaction given in JSON."""
    given = fields.payload
    payload: TransactionPayload
    if isinstance(given, TransferFields):
        payload = Transfer(given.recipient, given.amount)
    elif isinstance(given, CommitteeFields):
        payload = Reconfigure(given.add or b"", given.remove or b"", given.faults)
    else:
        payload = Record(given.key, given.value)
    return encode(
        Transaction(
            fields.version,
            fields.chain_id,
            fields.sender,
            fields.nonce,
            fields.fee,
            fields.valid_until,
            payload,
            fields.signature,
        )
    )


def refuse(submission: Submission) -> Problem:
    """A rejected transaction as a problem: 413, 422, 429 when full, 503 when nothing is taken."""
    extra: dict[str, object] = {"definite": True}
    if submission.id is not None:
        extra["id"] = submission.id.hex()
    status, title = 422, "The transaction was refused"
    retry_after_s = submission.retry_after_s
    if submission.unavailable:
        status, title = 503, "The node takes no transactions just now"
        retry_after_s = retry_after_s or UNAVAILABLE_RETRY_S
    elif retry_after_s is not None:
        status, title = 429, "There is no room just now"
    elif submission.reason == Reason.TX_TOO_LARGE.value:
        status, title = 413, "The transaction is too large"
    headers = {}
    if retry_after_s is not None:
        extra["retry_after_s"] = retry_after_s
        headers["Retry-After"] = str(retry_after_s)
    return Problem(
        submission.reason or "tx-refused",
        submission.detail or "",
        status=status,
        title=title,
        headers=headers,
        extra=extra,
    )


def refuse_known(submission: Submission, view: TransactionView | None) -> Problem:
    """These bytes were here before: 409 with where they stand, after waiting if that was asked."""
    assert submission.id is not None
    status = (view.status if view else submission.status) or TransactionStatus.UNKNOWN
    return Problem(
        "tx-known",
        f"the transaction is here already, {status.value}",
        extra={
            "id": submission.id.hex(),
            "transaction_status": status.value,
            "definite": is_definite(status, view.reason if view else None),
        },
    )


def answer_accepted(
    submission: Submission, view: TransactionView | None, wait_s: float | None
) -> web.Response:
    """202 while the outcome is open, 200 once it is settled."""
    assert submission.id is not None
    status = (view.status if view else submission.status) or TransactionStatus.PENDING
    is_settled = status in SETTLED
    reason = view.reason if view else None
    detail = None
    if wait_s is not None and not is_settled:
        detail = f"no outcome after {wait_s:g} s; the transaction may still be applied"
    model = SubmissionAnswer(
        outcome=submission.outcome,
        id=submission.id,
        status=status,
        definite=is_definite(status, reason),
        height=view.height if view else None,
        reason=reason,
        detail=detail,
    )
    location = {"Location": f"/v1/transactions/{submission.id.hex()}"}
    return answer(model, 200 if is_settled else 202, location)


async def submit_batch(api: Api, request: web.Request) -> web.Response:
    """Many transactions, one result each; as msgpack the cheapest way in."""
    media = content_type(request, MSGPACK_TYPE, JSON_TYPE)
    body = await read_body(request, api.limits.batch_bytes_max)
    if media == MSGPACK_TYPE:
        raws = parse_msgpack_batch(body)
        check_length(api, len(raws))
        submissions = await api.backend.submit(raws)
    else:
        submissions = await submit_json_batch(api, parse_json(body))
    retry = {one.retry_after_s for one in submissions if one.retry_after_s is not None}
    return web.Response(
        body=encode_batch(submissions),
        content_type=JSON_TYPE,
        headers={"Retry-After": str(max(retry))} if retry else None,
    )


def check_length(api: Api, count: int) -> None:
    """Refuse batches with more transactions than one request may bring."""
    if count > (most := api.limits.batch_transactions_max):
        raise Problem("batch-too-long", f"at most {most} transactions are taken at once")


async def submit_json_batch(api: Api, value: object) -> list[Submission]:
    """One result each; an item that is no transaction is rejected alone."""
    if not isinstance(value, list):
        raise Problem("field-wrong-type", "the body is a list of transactions")
    check_length(api, len(value))
    results: list[Submission | None] = [None] * len(value)
    raws: list[bytes] = []
    for index, item in enumerate(value):
        try:
            raws.append(to_raw(validate(TransactionFields, item)))
        except Problem as problem:
            results[index] = Submission(
                Outcome.REJECTED, reason=problem.reason, detail=problem.detail
            )
    answers = iter(await api.backend.submit(raws) if raws else ())
    return [next(answers) if result is None else result for result in results]


async def serve_transaction(api: Api, request: web.Request) -> web.Response:
    """Status and receipt; with `proof=1` the inclusion proof."""
    wants_proof = read_flag(request, "proof")
    transaction_id = read_path(request, "hash", HASH_SIZE)
    await consistency.await_consistency(api, request)
    view = api.backend.transaction(transaction_id)
    if view is None or view.status is TransactionStatus.UNKNOWN:
        raise Problem("tx-unknown", "this node has never seen it, or has forgotten it")
    proof = prove(api, view) if wants_proof else None
    return answer(show_transaction(view, proof))


def prove(api: Api, view: TransactionView) -> bytes:
    """The inclusion proof in canonical bytes; raises `Problem` 409 where there is none yet."""
    try:
        chain = api.backend.chain
        return encode_proof(chain.follow(chain.prove_transaction(view.id)))
    except LedgerError as error:
        raise refuse_proof(error) from error


TAG = "transactions"
OCTETS = {"type": "string", "format": "binary", "description": "Canonical bytes."}
BATCH_MSGPACK = {
    "type": "string",
    "format": "binary",
    "description": "One msgpack array of byte strings, each a transaction's canonical bytes.",
}
BATCH_JSON = {"type": "array", "items": {"$ref": "#/components/schemas/TransactionFields"}}

ROUTES = (
    Route(
        "POST",
        "/v1/transactions",
        submit_transaction,
        "Submit a transaction.",
        {202: SubmissionAnswer, 200: SubmissionAnswer},
        TAG,
        parameters=(
            Parameter(
                "wait",
                '"final" waits for the outcome.',
                {"type": "string", "enum": ["final"]},
            ),
            Parameter(
                "timeout",
                "Seconds to wait, with `wait`; 10 if not given.",
                {"type": "number", "minimum": 0, "maximum": 60},
            ),
        ),
        bodies={JSON_TYPE: TransactionFields, OCTETS_TYPE: OCTETS},
        problems=(408, 409, 413, 415, 422, 429),
        description="202: accepted and durable here, the outcome is open. 200: settled, only with "
        "`wait=final`. 409: the transaction is here already. An answer with `definite: false` "
        "never means that the transaction was not applied.",
    ),
    Route(
        "POST",
        "/v1/transactions/batch",
        submit_batch,
        "Submit many transactions; one result each, in order.",
        {200: BatchAnswer},
        TAG,
        bodies={MSGPACK_TYPE: BATCH_MSGPACK, JSON_TYPE: BATCH_JSON},
        problems=(408, 413, 415, 422),
    ),
    Route(
        "GET",
        "/v1/transactions/{hash}",
        serve_transaction,
        "Status and receipt of a transaction.",
        {200: TransactionAnswer},
        TAG,
        parameters=(
            Parameter("hash", "The transaction's id.", HASH_SCHEMA, "path"),
            PROOF,
            *consistency.PARAMETERS,
        ),
        problems=(404, 409, *consistency.PROBLEMS),
        description="With `consistency=linearizable` a transaction that was settled anywhere before "
        "the request came is settled in the answer too.",
        pattern="/v1/transactions/{hash:(?!batch$)[^/]+}",
    ),
)
