"""What the node's files take, and what is left for them."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple


class DiskUse(NamedTuple):
    """Bytes."""

    database: int
    journal: int
    free: int
    size: int


def measure_disk(data: Path, database: Path, journal: Path) -> DiskUse:
    """Look at the files of a node; what is not there takes nothing."""
    room = shutil.disk_usage(data)
    return DiskUse(measure_folder(database), measure_file(journal), room.free, room.total)


def measure_folder(folder: Path) -> int:
    """The bytes of the files in a folder; a file may vanish meanwhile."""
    try:
        with os.scandir(folder) as found:
            return sum(measure_file(Path(entry.path)) for entry in found)
    except FileNotFoundError:
        return 0


def measure_file(path: Path) -> int:
    """The bytes of a file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
