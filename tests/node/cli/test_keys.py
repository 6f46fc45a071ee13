import json
from pathlib import Path

from ledger.address import decode_address
from node.identity import load_identity
from tests.node.cli.conftest import Quorate


def test_a_key_is_made_shown_and_listed(quorate: Quorate, tmp_path: Path) -> None:
    place = ("--keys", tmp_path / "keys")
    made = quorate("keys", "new", "alice", *place, "--json").json()
    quorate("keys", "new", "bob", *place)
    assert quorate("keys", "show", "alice", *place, "--json").json() == made
    identity = load_identity(Path(made["file"]))
    assert decode_address(made["address"]) == identity.public_key
    assert made["public_key"] == identity.public_key.hex()
    listed = quorate("keys", "list", *place, "--json").json()
    assert [one["name"] for one in listed] == ["alice", "bob"]
    shown = quorate("keys", "list", *place).output
    assert made["address"] in shown


def test_the_seed_is_never_shown(quorate: Quorate, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    said = [quorate("keys", word, path) for word in ("new", "show")]
    seed = json.loads(path.read_text())["seed"]
    assert all(seed not in done.output + done.said for done in said)


def test_an_existing_key_is_kept(quorate: Quorate, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    quorate("keys", "new", path)
    before = path.read_bytes()
    again = quorate("keys", "new", path)
    assert (again.status, path.read_bytes()) == (1, before)
    assert "[key-file-exists]" in again.said


def test_a_key_that_others_can_read_is_named_but_not_listed(
    quorate: Quorate, tmp_path: Path
) -> None:
    place = ("--keys", tmp_path)
    for name in ("good", "bad"):
        quorate("keys", "new", name, *place)
    (tmp_path / "bad.json").chmod(0o644)
    done = quorate("keys", "list", *place, "--json")
    assert [one["name"] for one in done.json()] == ["good"]
    assert "key-file-exposed" in done.said
