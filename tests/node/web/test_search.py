"""Whatever a person types leads somewhere, or says why nowhere."""

import pytest

from ledger.address import encode_address
from node.web.views.search import Found, NotFound, search

BLOCK, TRANSACTION = bytes([1] * 32), bytes([2] * 32)
ADDRESS = encode_address(bytes(32))


def find(typed: str) -> Found | NotFound:
    return search(typed, 1_500, lambda id_: id_ == BLOCK, lambda id_: id_ == TRANSACTION)


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("0", "/blocks/0"),
        (" 1,500 ", "/blocks/1500"),
        ("#12", "/blocks/12"),
        ("007", "/blocks/7"),
        ("Head", "/blocks/head"),
        ("final", "/blocks/final"),
        (BLOCK.hex(), f"/blocks/{BLOCK.hex()}"),
        ("0x" + BLOCK.hex().upper(), f"/blocks/{BLOCK.hex()}"),
        (TRANSACTION.hex(), f"/transactions/{TRANSACTION.hex()}"),
        (ADDRESS, f"/accounts/{ADDRESS}"),
        (ADDRESS.upper(), f"/accounts/{ADDRESS}"),
    ],
)
def test_it_leads_to_a_page(typed: str, path: str) -> None:
    assert find(typed) == Found(path)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Type a height"),
        ("1501", "no block 1,501 yet: the head has 1,500"),
        ("abcdef", "64 hex digits; this has 6"),
        ("ff" * 32, "No block and no transaction"),
        (ADDRESS[:-1] + "p", "mistyped"),
        (ADDRESS[:-2], "mistyped"),
        ("<script>", "no height, no hash"),
        ("１２", "no height, no hash"),
        ("x" * 5_000, "no height, no hash"),
    ],
)
def test_it_says_why_there_is_none(typed: str, words: str) -> None:
    found = find(typed)
    assert isinstance(found, NotFound)
    assert words in found.text
    assert len(found.typed) <= 200
