"""A typed client of the HTTP API.

Every error is *definite* or *indefinite*. Definite: the node said no, or nothing was sent; a
transaction in that request was not taken. Indefinite: the answer is missing (a timeout, a broken
connection, a fault inside the node), so what was sent may still be applied. Sending the same bytes
again is always safe: a transaction has effect at most once.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import msgspec
import pydantic
from yarl import URL

from node.api.backend import Outcome, TransactionStatus
from node.api.hot import BatchLine, BlockOutcomes, decode_batch, decode_outcomes
from node.api.models import (
    AccountAnswer,
    BlockAnswer,
    BlockPage,
    RecordAnswer,
    SubmissionAnswer,
    TransactionAnswer,
    TransactionPage,
)
from node.api.node_models import (
    EngineAnswer,
    MempoolAnswer,
    PeersAnswer,
    StatusAnswer,
    ValidatorsAnswer,
)
from node.errors import NodeError

OCTETS = "application/octet-stream"
MSGPACK = "application/msgpack"
CONNECT_TIMEOUT_S = 5.0
WAIT_SLACK_S = 5.0
"""How much longer than the node's own waiting this side waits for the answer."""


class ClientError(NodeError):
    """A call that did not succeed; `definite` says whether its outcome is known."""

    reason = "client-error"
    definite = True


class UnreachableError(ClientError):
    """No connection came about: nothing was sent."""

    reason = "unreachable"


class RefusedError(ClientError):
    """The node answered no. `status` is HTTP's, `reason` the stable one, `problem` the document."""

    reason = "refused"

    def __init__(
        self, status: int, problem: Mapping[str, Any], retry_after_s: float | None
    ) -> None:
        reason = str(problem.get("reason", f"http-{status}"))
        super().__init__(str(problem.get("detail", f"HTTP status {status}")), reason=reason)
        self.status = status
        self.problem = problem
        self.retry_after_s = retry_after_s


class IndefiniteError(ClientError):
    """The answer is missing: what was sent may have been taken, and may yet have effect."""

    reason = "indefinite"
    definite = False


Model = TypeVar("Model", bound=pydantic.BaseModel)
Read = TypeVar("Read")


class Client:
    """Calls to one node at `url`; use it as an async context manager.

    `timeout_s` bounds each call whole, connecting included. Every call may raise `ClientError`.
    """

    def __init__(self, url: str, timeout_s: float = 30.0) -> None:
        self.url = URL(url)
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers={"Accept": "application/json"})
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def status(self) -> StatusAnswer:
        """Who the node is and where it stands."""
        return await self._get("/v1/status", StatusAnswer)

    async def peers(self) -> PeersAnswer:
        """Its connected peers."""
        return await self._get("/v1/peers", PeersAnswer)

    async def validators(self) -> ValidatorsAnswer:
        """The committee."""
        return await self._get("/v1/validators", ValidatorsAnswer)

    async def mempool(self) -> MempoolAnswer:
        """How full its mempool is."""
        return await self._get("/v1/mempool", MempoolAnswer)

    async def engine(self) -> EngineAnswer:
        """What its engine does, and why it is not moving if it is not."""
        return await self._get("/v1/engine", EngineAnswer)

    async def genesis(self) -> bytes:
        """The genesis document, byte for byte as `ledger.genesis` reads it."""
        return await self._call("GET", "/v1/genesis")

    async def metrics_text(self) -> str:
        """Prometheus's text."""
        return (await self._call("GET", "/metrics", headers={"Accept": "text/plain"})).decode()

    async def block(self, ref: int | str | bytes) -> BlockAnswer:
        """A block by height, id, "head" or "final"."""
        text = ref.hex() if isinstance(ref, bytes) else str(ref)
        return await self._get(f"/v1/blocks/{text}", BlockAnswer)

    async def outcomes(self, ref: int | str) -> BlockOutcomes:
        """What became of a block's transactions: a tenth of the cost of `block`."""
        return _read(decode_outcomes, await self._call("GET", f"/v1/blocks/{ref}"))

    async def blocks(self, first: int, limit: int = 100) -> BlockPage:
        """Blocks upwards from height `first`, at most `limit` (1 … 100)."""
        query = {"order": "asc", "from": str(first), "limit": str(limit)}
        return await self._get("/v1/blocks", BlockPage, query)

    async def block_transactions(
        self, height: int, cursor: str | None = None, limit: int = 100
    ) -> TransactionPage:
        """A page of a block's transactions; go on with the page's `next` as `cursor`."""
        query = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        return await self._get(f"/v1/blocks/{height}/transactions", TransactionPage, query)

    async def account(
        self, address: str, proof: bool = False, *, linearizable: bool = False
    ) -> AccountAnswer:
        """An account; one that never moved is empty, not an error.

        `linearizable`: as of now, not of what this node has seen; see `record`.
        """
        query = _how(proof, linearizable)
        return await self._get(f"/v1/accounts/{address}", AccountAnswer, query)

    async def record(
        self, address: str, key: bytes, proof: bool = False, *, linearizable: bool = False
    ) -> RecordAnswer:
        """What an account keeps under `key`; the value is None where it keeps nothing.

        `linearizable`: with everything that was final, anywhere, before the call. Raises
        `RefusedError`: "read-unconfirmed" if that could not be made sure in time (ask again),
        "read-needs-a-voter" or "read-unsupported" where it never can be.
        """
        path = f"/v1/accounts/{address}/records/{key.hex()}"
        return await self._get(path, RecordAnswer, _how(proof, linearizable))

    async def transaction(
        self, transaction_id: bytes, proof: bool = False, *, linearizable: bool = False
    ) -> TransactionAnswer:
        """A transaction; status UNKNOWN where the node has never seen it.

        `linearizable`: settled if it was settled, anywhere, before the call; see `record`.
        """
        path = f"/v1/transactions/{transaction_id.hex()}"
        try:
            return await self._get(path, TransactionAnswer, _how(proof, linearizable))
        except RefusedError as error:
            if error.reason != "tx-unknown":
                raise
            unknown = TransactionStatus.UNKNOWN
            return TransactionAnswer(id=transaction_id, status=unknown, definite=False)

    async def submit(self, raw: bytes, wait_s: float | None = None) -> SubmissionAnswer:
        """Send one canonical transaction; with `wait_s` also wait for it to become final.

        Bytes that were here before are no error: the outcome is KNOWN. An answer that is not
        `definite` says that time ran out first. Raises `RefusedError` if it is not taken.
        """
        query, timeout_s = {}, self._timeout_s
        if wait_s is not None:
            query = {"wait": "final", "timeout": f"{wait_s:g}"}
            timeout_s = wait_s + WAIT_SLACK_S
        try:
            data = await self._call(
                "POST",
                "/v1/transactions",
                query,
                body=raw,
                headers={"Content-Type": OCTETS},
                timeout_s=timeout_s,
            )
        except RefusedError as error:
            if error.status != 409:
                raise
            return _read_known(error.problem)
        return _parse(SubmissionAnswer, data)

    async def submit_batch(self, raws: Sequence[bytes]) -> list[BatchLine]:
        """Send many canonical transactions at once; one result each, in order.

        Refusals of single transactions are results, not errors.
        """
        body = msgspec.msgpack.encode(raws)
        headers = {"Content-Type": MSGPACK}
        data = await self._call("POST", "/v1/transactions/batch", body=body, headers=headers)
        return _read(decode_batch, data).results

    async def stream(
        self,
        path: str,
        query: Mapping[str, str],
        *,
        silence_s: float,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """An answer without end, as its bytes come; ends where the node ends it.

        Raises as every call does, and `IndefiniteError` where nothing comes for `silence_s`.
        """
        if self._session is None:
            raise RuntimeError("use the client as an async context manager")
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=silence_s
        )
        url = self.url.join(URL(path)).with_query(query)
        with self._explained():
            async with self._session.get(url, headers=headers, timeout=timeout) as response:
                if response.status >= 400:
                    raise _read_refusal(response, await response.read())
                async for data in response.content.iter_any():
                    yield data

    async def _get(
        self, path: str, model: type[Model], query: Mapping[str, str] | None = None
    ) -> Model:
        return _parse(model, await self._call("GET", path, query))

    async def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> bytes:
        if self._session is None:
            raise RuntimeError("use the client as an async context manager")
        timeout = aiohttp.ClientTimeout(
            total=self._timeout_s if timeout_s is None else timeout_s,
            sock_connect=CONNECT_TIMEOUT_S,
        )
        url = self.url.join(URL(path)).with_query(query or {})
        with self._explained():
            async with self._session.request(
                method, url, data=body, headers=headers, timeout=timeout
            ) as response:
                data = await response.read()
                if response.status >= 400:
                    raise _read_refusal(response, data)
        return data

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What may happen on the way, as errors of this module."""
        try:
            yield
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise UnreachableError(f"cannot reach {self.url}: {error}") from error
        except TimeoutError as error:
            raise IndefiniteError(f"no answer from {self.url} in time") from error
        except aiohttp.ClientError as error:
            raise IndefiniteError(f"connection to {self.url} broke: {error}") from error


def _how(proof: bool, linearizable: bool) -> dict[str, str]:
    """The query of a read."""
    query = {"proof": "1"} if proof else {}
    return query | ({"consistency": "linearizable"} if linearizable else {})


def _read(decode: Callable[[bytes], Read], data: bytes) -> Read:
    try:
        return decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise IndefiniteError(f"unreadable answer: {error}") from error


def _parse(model: type[Model], data: bytes) -> Model:
    try:
        return model.model_validate_json(data)
    except pydantic.ValidationError as error:
        detail = f"the answer is not a {model.__name__} ({error.error_count()} faults)"
        raise IndefiniteError(detail) from error


def _read_known(problem: Mapping[str, Any]) -> SubmissionAnswer:
    return SubmissionAnswer.model_validate(
        {
            "outcome": Outcome.KNOWN,
            "id": problem.get("id"),
            "status": problem.get("transaction_status"),
            "definite": problem.get("definite"),
            "detail": problem.get("detail"),
        }
    )


def _read_refusal(response: aiohttp.ClientResponse, data: bytes) -> ClientError:
    """A status of 4xx, or 503 with a problem document of ours, is a definite no."""
    try:
        problem = msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        problem = {}
    if response.status >= 500 and problem.get("definite") is not True:
        return IndefiniteError(f"{response.url.path} answered HTTP status {response.status}")
    retry_after = response.headers.get("Retry-After", "")
    retry_after_s = float(retry_after) if retry_after.isdecimal() else None
    return RefusedError(response.status, problem, retry_after_s)
