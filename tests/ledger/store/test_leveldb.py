"""LevelDB when the disk has been damaged, or somebody else is there."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.chain import Chain
from ledger.codec import encode
from ledger.errors import GenesisError, LedgerError, StoreError
from ledger.opening import Format
from ledger.reasons import Reason
from ledger.store.leveldb import LevelStore
from ledger.store.schema import FORMAT_KEY, FORMAT_NAME, META_KEY, STATE, at_height
from ledger.store.store import Batch
from tests.ledger.support import ALICE, GENESIS, World, make_genesis, transfer

HEIGHTS = 12


def fill(path: Path, *, in_tables: bool = False) -> None:
    """A database with twelve blocks; `in_tables` moves them out of the log."""
    store = LevelStore(path)
    world = World(store)
    for nonce in range(HEIGHTS):
        world.order(transfer(nonce=nonce, to=bytes([nonce]) * 32))
    world.certify(8)
    if in_tables:
        store._db.compact_range()
    store.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Path]:
    """Folders made once, for tests to copy."""
    folders = {}
    for in_tables in (False, True):
        folders[in_tables] = tmp_path_factory.mktemp("filled") / "db"
        fill(folders[in_tables], in_tables=in_tables)
    return lambda in_tables: folders[in_tables]


@pytest.fixture
def log_db(filled: Callable[[bool], Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled(False), tmp_path / "log"))


@pytest.fixture
def table_db(filled: Callable[[bool], Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled(True), tmp_path / "table"))


def open_chain(path: Path) -> Chain:
    """Open and check; whatever happens, the database is closed again."""
    store = LevelStore(path)
    try:
        chain = Chain.open(store, GENESIS)
        chain.check_total_supply()
        for height in range(chain.height + 1):
            chain.block(height)
            chain.bodies(height)
        return chain
    finally:
        store.close()


def refuse(path: Path) -> LedgerError:
    with pytest.raises((StoreError, GenesisError)) as caught:
        open_chain(path)
    return caught.value


def newest(path: Path, pattern: str) -> Path:
    return max(path.glob(pattern), key=lambda file: (file.stat().st_size, file.name))


def change_raw(path: Path, key: bytes, value: bytes | None) -> None:
    store = LevelStore(path)
    batch = Batch()
    batch.extend([(key, value)])
    store.write(batch)
    store.close()


def test_a_good_database_opens(log_db: Path, table_db: Path) -> None:
    assert newest(log_db, "*.log").stat().st_size > 5_000
    assert newest(table_db, "*.ldb").stat().st_size > 5_000
    assert open_chain(log_db).height == open_chain(table_db).height == HEIGHTS


def test_a_second_opener_in_this_process(log_db: Path) -> None:
    store = LevelStore(log_db)
    with pytest.raises(StoreError) as caught:
        LevelStore(log_db)
    assert caught.value.reason is Reason.STORE_LOCKED
    store.close()
    assert open_chain(log_db).height == HEIGHTS


def test_a_second_opener_in_another_process(log_db: Path) -> None:
    program = (
        "import sys; from ledger.store.leveldb import LevelStore\n"
        "store = LevelStore(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(log_db)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreError) as caught:
            LevelStore(log_db)
        assert caught.value.reason is Reason.STORE_LOCKED
        other.communicate("")
    assert open_chain(log_db).height == HEIGHTS


def test_a_log_cut_short_loses_whole_blocks_only(log_db: Path, tmp_path: Path) -> None:
    """What a crash leaves: some last batches are gone, and what is there fits together."""
    size = newest(log_db, "*.log").stat().st_size
    heights = []
    for cut in range(1, size, size // 25):
        copy = Path(shutil.copytree(log_db, tmp_path / f"cut {cut}"))
        log = newest(copy, "*.log")
        log.write_bytes(log.read_bytes()[: size - cut])
        heights.append(open_chain(copy).height)
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == HEIGHTS
    assert heights[-1] < 2
    assert len(set(heights)) > 5


def test_a_chain_goes_on_where_a_cut_log_ends(log_db: Path) -> None:
    log = newest(log_db, "*.log")
    log.write_bytes(log.read_bytes()[:-600])
    store = LevelStore(log_db)
    world = World(store)
    assert 0 < world.chain.height < HEIGHTS
    while world.chain.height < HEIGHTS:
        nonce = world.chain.height
        world.order(transfer(nonce=nonce, to=bytes([nonce]) * 32))
    world.chain.check_total_supply()
    store.close()
    assert open_chain(log_db).height == HEIGHTS


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.8])
def test_a_flipped_bit_in_the_log_is_refused(log_db: Path, share: float) -> None:
    log = newest(log_db, "*.log")
    data = bytearray(log.read_bytes())
    data[int(len(data) * share)] ^= 4
    log.write_bytes(data)
    assert refuse(log_db).reason is Reason.STORE_CORRUPT


@pytest.mark.parametrize("share", [0.02, 0.2, 0.4, 0.6, 0.8])
def test_a_flipped_bit_in_a_table_is_refused(table_db: Path, share: float) -> None:
    table = newest(table_db, "*.ldb")
    data = bytearray(table.read_bytes())
    data[int(len(data) * share)] ^= 4
    table.write_bytes(data)
    assert refuse(table_db).reason is Reason.STORE_CORRUPT


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_table_cut_short_is_refused(table_db: Path, share: float) -> None:
    table = newest(table_db, "*.ldb")
    table.write_bytes(table.read_bytes()[: int(table.stat().st_size * share)])
    assert refuse(table_db).reason in {Reason.STORE_CORRUPT, Reason.STORE_IO}


def test_a_missing_table_is_refused(table_db: Path) -> None:
    newest(table_db, "*.ldb").unlink()
    assert refuse(table_db).reason is Reason.STORE_CORRUPT


@pytest.mark.parametrize("content", [b"", b"garbage\n", b"MANIFEST-999999\n"])
def test_a_damaged_current_file_is_refused(log_db: Path, content: bytes) -> None:
    (log_db / "CURRENT").write_bytes(content)
    assert refuse(log_db).reason in {Reason.STORE_CORRUPT, Reason.STORE_IO}


def test_a_damaged_manifest_is_refused(log_db: Path) -> None:
    manifest = newest(log_db, "MANIFEST-*")
    data = bytearray(manifest.read_bytes())
    data[len(data) // 2] ^= 4
    manifest.write_bytes(data)
    assert refuse(log_db).reason is Reason.STORE_CORRUPT


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("not a folder")
    with pytest.raises(StoreError) as caught:
        LevelStore(tmp_path / "db")
    assert caught.value.reason is Reason.STORE_IO


def test_another_format_version_is_refused(log_db: Path) -> None:
    change_raw(log_db, FORMAT_KEY, encode(Format(FORMAT_NAME, 99)))
    error = refuse(log_db)
    assert error.reason is Reason.STORE_BAD_FORMAT
    assert "99" in error.detail


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    change_raw(tmp_path / "db", b"some key", b"some value")
    assert refuse(tmp_path / "db").reason is Reason.STORE_FOREIGN


def test_another_network_is_refused(log_db: Path) -> None:
    store = LevelStore(log_db)
    with pytest.raises(GenesisError) as caught:
        Chain.open(store, make_genesis("other"))
    assert caught.value.reason is Reason.GENESIS_FOREIGN
    store.close()
    assert open_chain(log_db).height == HEIGHTS


@pytest.mark.parametrize("value", [None, b"", b"\xc1 garbage"])
@pytest.mark.parametrize(
    "key",
    [META_KEY, *(at_height(*place) for place in ((b"B", 12), (b"B", 11), (b"r", 12)))],
    ids=["meta", "head", "parent", "receipts"],
)
def test_what_the_head_needs_is_checked_at_opening(
    log_db: Path, key: bytes, value: bytes | None
) -> None:
    change_raw(log_db, key, value)
    assert refuse(log_db).reason is Reason.STORE_CORRUPT


def test_the_newest_certificate_has_to_be_there(log_db: Path) -> None:
    change_raw(log_db, at_height(b"c", 8), None)
    assert refuse(log_db).reason is Reason.STORE_CORRUPT


def test_every_leaf_of_the_state_is_checked_at_opening(log_db: Path) -> None:
    for change in ("changed", "missing", "extra"):
        store = LevelStore(log_db)
        key, leaf = next(store.scan(STATE, STATE + b"\xff"))
        store.close()
        key, value = {
            "changed": (key, leaf[:-1] + bytes([leaf[-1] ^ 1])),
            "missing": (key, None),
            "extra": (STATE + bytes(32), leaf),
        }[change]
        change_raw(log_db, key, value)
        error = refuse(log_db)
        assert error.reason is Reason.STORE_CORRUPT
        assert "root" in error.detail
        change_raw(log_db, key, leaf if change != "extra" else None)
        assert open_chain(log_db).height == HEIGHTS


def test_the_store_keeps_across_processes(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from ledger.store.leveldb import LevelStore\n"
        "from tests.ledger.support import World, transfer\n"
        "world = World(LevelStore(sys.argv[1]))\n"
        "for nonce in range(20): world.order(transfer(nonce=nonce))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "db")],
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert killed.returncode == -9
    store = LevelStore(tmp_path / "db")
    chain = Chain.open(store, GENESIS)
    assert chain.height == chain.account(ALICE.public_key).nonce == 20
    store.close()
