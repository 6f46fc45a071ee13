"""`quorate committee`: what it shows, and what it refuses before it asks anybody."""

import asyncio
from pathlib import Path

import pytest

from ledger.address import encode_address
from ledger.errors import AddressError
from node.api.server import ApiServer
from node.cli.committee_group import read_change
from node.cli.remote import RequestError
from tests.ledger.support import ALICE, BOB
from tests.node.api.conftest import backend, server
from tests.node.api.ledger_backend import LedgerBackend
from tests.node.cli.conftest import Quorate

__all__ = ["backend", "server"]

ADDRESS = encode_address(ALICE.public_key)
OTHER = encode_address(BOB.public_key)
MISTYPED = ADDRESS[:-1] + ("q" if ADDRESS[-1] != "q" else "p")
NOWHERE = ("--url", "http://127.0.0.1:1")


@pytest.fixture
def key_file(tmp_path: Path, quorate: Quorate) -> Path:
    path = tmp_path / "voter.json"
    made = quorate("keys", "new", path)
    assert made.status == 0, made.said
    return path


def test_one_key_or_two_that_differ() -> None:
    assert read_change(ADDRESS, None) == (ALICE.public_key, b"")
    assert read_change(None, OTHER) == (b"", BOB.public_key)
    assert read_change(ADDRESS, OTHER) == (ALICE.public_key, BOB.public_key)
    for add, remove in ((None, None), (ADDRESS, ADDRESS)):
        with pytest.raises(RequestError):
            read_change(add, remove)
    for add, remove in ((MISTYPED, None), (ADDRESS, MISTYPED), ("", None), (None, "alice")):
        with pytest.raises(AddressError):
            read_change(add, remove)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "bad-request"),
        (("--add", ADDRESS, "--remove", ADDRESS), "bad-request"),
        (("--add", MISTYPED), "address-bad-checksum"),
        (("--remove", "alice"), "address-malformed"),
        (("--add", ADDRESS), "unreachable"),
    ],
)
def test_a_vote_that_cannot_be(
    quorate: Quorate, key_file: Path, words: tuple[str, ...], reason: str
) -> None:
    done = quorate("committee", "vote", "--from", key_file, *words, *NOWHERE)
    assert done.status != 0
    assert f"[{reason}]" in done.said
    assert "Traceback" not in done.said
    assert not done.output


@pytest.mark.parametrize("words", [("--faults", "-1"), ("--fee", "-1"), ("--wait", "61"), ("--x",)])
def test_options_out_of_their_range(
    quorate: Quorate, key_file: Path, words: tuple[str, ...]
) -> None:
    done = quorate("committee", "vote", "--from", key_file, "--add", ADDRESS, *words, *NOWHERE)
    assert done.status == 2
    assert words[0] in done.said
    assert not done.output


@pytest.mark.parametrize("content", [None, "", "{}", "no key"])
def test_a_key_that_is_none(quorate: Quorate, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
        path.chmod(0o600)
    done = quorate("committee", "vote", "--from", path, "--add", ADDRESS, *NOWHERE)
    assert done.status != 0
    assert "quorate: " in done.said
    assert "Traceback" not in done.said


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "ftp://127.0.0.1"])
def test_nobody_to_show_anything(quorate: Quorate, url: str) -> None:
    done = quorate("committee", "show", "--url", url)
    assert done.status != 0
    assert "quorate: " in done.said
    assert "Traceback" not in done.said
    assert not done.output


async def test_the_committee_for_people_and_machines(
    quorate: Quorate, server: ApiServer, backend: LedgerBackend
) -> None:
    shown = await asyncio.to_thread(quorate, "committee", "show", "--url", server.url)
    assert shown.status == 0, shown.said
    told = await asyncio.to_thread(quorate, "committee", "show", "--url", server.url, "--json")
    committee = told.json()
    assert [one["name"] for one in committee["validators"]] == [
        line.split()[0] for line in shown.output.splitlines() if line.startswith("validator-")
    ]
