import json
from pathlib import Path

import pytest

from ledger.errors import CoinError
from node.coins.share_file import (
    SHARE_FILE,
    CoinShareError,
    check_share_file,
    format_share,
    load_share,
    parse_share,
)
from node.errors import NodeError
from node.identity import Identity
from node.secret_files import SecretFileError, write_secret
from tests.ledger.coin.support import keys, secrets
from tests.ledger.support import GENESIS, VALIDATORS
from tests.node.coins import bench

PATH = Path(SHARE_FILE)


def refuse(content: object, kind: type[NodeError] = SecretFileError) -> str:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(kind) as caught:
        parse_share(data, PATH, keys(), 1)
    return caught.value.reason


def document() -> dict[str, str]:
    plain: dict[str, str] = json.loads(format_share(secrets()[1]))
    return plain


def test_round_trip(tmp_path: Path) -> None:
    write_secret(tmp_path / SHARE_FILE, format_share(secrets()[1]))
    assert load_share(tmp_path / SHARE_FILE, keys(), 1) == secrets()[1]


def test_it_must_be_there_and_unread_by_others(tmp_path: Path) -> None:
    path = tmp_path / SHARE_FILE
    with pytest.raises(SecretFileError) as missing:
        load_share(path, keys(), 1)
    assert missing.value.reason == "key-file-missing"
    assert "copy" in missing.value.advice
    write_secret(path, format_share(secrets()[1]))
    path.chmod(0o644)
    with pytest.raises(SecretFileError) as exposed:
        load_share(path, keys(), 1)
    assert exposed.value.reason == "key-file-exposed"


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "quorate-coin-share/2"},
        {"secret": "00" * 32},
        {"secret": "ff" * 32},
        {"secret": "0"},
        {"more": 1},
    ],
)
def test_malformed(changes: dict[str, object]) -> None:
    assert refuse({**document(), **changes}) == "key-file-malformed"


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[1]"])
def test_not_a_file_of_ours(data: bytes) -> None:
    assert refuse(data) == "key-file-malformed"


def test_a_share_belongs_to_one_member() -> None:
    assert refuse(format_share(secrets()[2]), CoinShareError) == "coin-share-foreign"
    with pytest.raises(CoinShareError):
        parse_share(format_share(secrets()[1]), PATH, keys(), 4)


def test_a_bundles_share_is_that_of_its_node() -> None:
    data, identity = format_share(secrets()[1]), Identity.from_seed(VALIDATORS[1].seed)
    check_share_file(data, PATH, identity, bench.GENESIS)
    with pytest.raises(CoinShareError):
        check_share_file(data, PATH, Identity.from_seed(VALIDATORS[2].seed), bench.GENESIS)
    with pytest.raises(CoinShareError):
        check_share_file(data, PATH, Identity.generate(), bench.GENESIS)
    with pytest.raises(CoinError):
        check_share_file(data, PATH, identity, GENESIS)
