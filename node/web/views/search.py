"""What a person typed into the search field: where it leads, or why nowhere."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ledger.address import PREFIX, decode_address
from ledger.errors import AddressError

_HEIGHT = re.compile(r"[0-9]{1,20}")
_HASH = re.compile(r"[0-9a-f]{64}")
_HEX = re.compile(r"[0-9a-f]+")
TYPED_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A page of this site."""

    path: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why there is none, and what to do."""

    typed: str
    text: str


def search(
    typed: str,
    head_height: int,
    is_block: Callable[[bytes], bool],
    is_transaction: Callable[[bytes], bool],
) -> Found | NotFound:
    """A height, `head` or `final`, a block's id, a transaction's, or an address."""
    text = typed.strip().replace(",", "").removeprefix("#").lower()
    shown = typed.strip()[:TYPED_CHARS_MAX]
    if not text:
        return NotFound("", "Type a height, a hash or an address.")
    if text in {"head", "final"}:
        return Found(f"/blocks/{text}")
    if _HEIGHT.fullmatch(text):
        return _search_height(int(text), shown, head_height)
    if text.startswith(f"{PREFIX}1"):
        return _search_address(text, shown)
    text = text.removeprefix("0x")
    if _HASH.fullmatch(text):
        return _search_hash(text, shown, is_block, is_transaction)
    if _HEX.fullmatch(text):
        return NotFound(shown, f"A hash has 64 hex digits; this has {len(text)}.")
    return NotFound(
        shown, f"That is no height, no hash of 64 hex digits and no address ({PREFIX}1…)."
    )


def _search_height(height: int, shown: str, head_height: int) -> Found | NotFound:
    if height > head_height:
        return NotFound(shown, f"There is no block {height:,} yet: the head has {head_height:,}.")
    return Found(f"/blocks/{height}")


def _search_address(text: str, shown: str) -> Found | NotFound:
    try:
        decode_address(text)
    except AddressError as error:
        return NotFound(shown, f"The address is mistyped: {error.detail}.")
    return Found(f"/accounts/{text}")


def _search_hash(
    text: str,
    shown: str,
    is_block: Callable[[bytes], bool],
    is_transaction: Callable[[bytes], bool],
) -> Found | NotFound:
    wanted = bytes.fromhex(text)
    if is_block(wanted):
        return Found(f"/blocks/{text}")
    if is_transaction(wanted):
        return Found(f"/transactions/{text}")
    return NotFound(
        shown,
        "No block and no transaction of this hash is known here. A transaction that was never "
        "in a block is forgotten after a while; another node may still know it.",
    )
