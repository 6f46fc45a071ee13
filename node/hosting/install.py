"""Installing a bundle: the home of a node, where it runs.

A validator that votes twice breaks what the others rely on, so an empty journal, which says "I have
never voted", is made at one moment only: for a node without any data, in the first hours of its
network, and only if asked. Whoever installs a bundle again on an empty disk gets a node that
observes until voting is safe.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import GenesisError
from ledger.genesis import Genesis
from node.coins.share_file import SHARE_FILE
from node.errors import NodeError
from node.hosting.bundle import Bundle
from node.hosting.errors import HostingError
from node.identity import load_identity
from node.secret_files import write_secret
from node.testnet.homes import DATA_FOLDER, GENESIS_FILE, JOURNAL_FILE, KEY_FILE, mark_as_fresh

DATABASE_FOLDER = "db"
MS_PER_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Installed:
    """What became of a home: was it there already, and may its node vote at once."""

    is_new: bool
    is_fresh: bool


def install(bundle: Bundle, home: Path, fresh_hours: float, now_ms: int) -> Installed:
    """Make the home of the bundle's node, or bring its configuration and certificates up to date.

    With `fresh_hours` a node that has neither key nor data here gets an empty journal, if the
    network was made no longer ago; `now_ms` counts from the Unix epoch. The key is written last, so
    that an installation that was cut short is done again. Raises `HostingError` (home-differs).
    """
    is_new = not (home / KEY_FILE).exists()
    if not is_new:
        check_same(bundle, home)
    is_young = now_ms - bundle.genesis.timestamp_ms < fresh_hours * MS_PER_HOUR
    is_fresh = is_young and is_new and not has_data(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / DATA_FOLDER).mkdir(exist_ok=True)
    if is_fresh:
        mark_as_fresh(home)
    for name, text in bundle.files.items():
        if name == SHARE_FILE:
            keep_secret(home / name, text)
        elif name != KEY_FILE:
            replace_text(home / name, text)
    if is_new:
        write_secret(home / KEY_FILE, bundle.files[KEY_FILE].encode())
    return Installed(is_new, is_fresh)


def has_data(home: Path) -> bool:
    """Did a node run here."""
    data = home / DATA_FOLDER
    return (data / JOURNAL_FILE).exists() or (data / DATABASE_FOLDER).exists()


def check_same(bundle: Bundle, home: Path) -> None:
    """Refuse a home of another node or another network."""
    try:
        there = (
            load_identity(home / KEY_FILE),
            Genesis.from_json((home / GENESIS_FILE).read_bytes()),
        )
    except (NodeError, GenesisError, OSError) as error:
        raise HostingError(
            f"{home} holds a home that cannot be read: {error}",
            reason="home-differs",
            advice="mend it, or name another folder with --home",
        ) from error
    if there != (bundle.identity, bundle.genesis):
        raise HostingError(
            f"{home} is the home of another node, or of another network, than {bundle.name}",
            reason="home-differs",
            advice="name another folder with --home; what is there is kept",
        )


def keep_secret(path: Path, text: str) -> None:
    """Write a secret file unless it is there: the same, for a dealing never changes."""
    if not path.exists():
        write_secret(path, text.encode())


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all; one that is as it should be is left alone."""
    data = text.encode()
    if path.exists() and path.read_bytes() == data:
        return
    unfinished = path.with_name(f".{path.name}.new")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
