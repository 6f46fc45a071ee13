"""What commands share that speak to a node over HTTP."""

import re
from enum import StrEnum
from typing import Annotated

import typer

from node.errors import NodeError
from node.testnet.ports import BASE_PORT, compute_ports

DEFAULT_URL = f"http://127.0.0.1:{compute_ports(BASE_PORT, 0)[1]}"
"""Node 0 of a testnet with the default ports."""

Url = Annotated[str, typer.Option("--url", envvar="QUORATE_URL", help="A node's HTTP API.")]
Json = Annotated[bool, typer.Option("--json", help="Answer with JSON on standard output.")]


class Consistency(StrEnum):
    """How fresh an answer has to be."""

    LOCAL = "local"
    LINEARIZABLE = "linearizable"


_HASH = re.compile(r"[0-9a-f]{64}")


class RequestError(NodeError):
    """A command line that does not describe what it should."""

    reason = "bad-request"


def parse_hash(text: str) -> bytes:
    """A transaction's id: 64 lower-case hex digits; raises `RequestError`."""
    if not _HASH.fullmatch(text):
        raise RequestError(
            f"{text[:80]!r} is not a transaction's hash",
            advice="a hash is 64 lower-case hexadecimal digits, as `quorate tx send` prints it",
        )
    return bytes.fromhex(text)
