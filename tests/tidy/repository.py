"""What the repository as a whole may contain."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.tidy.sources import PACKAGES, Breach

TOP_LEVEL = frozenset(
    {"LICENSE", "README.md", "consensus", "docker", "ledger", "node", "pyproject.toml"}
    | {"requirements.lock", "requirements-dev.lock", "scripts", "tests"}
)
UNTRACKED_FOLDERS = frozenset({"__pycache__", "build", "dist"})

# Written in pieces, so that this file does not contain what it looks for.
REGISTRY_HOSTS = re.compile("|".join(("py" + r"pi\.org", "python" + "hosted", "np" + r"mjs\.")))
MACHINE_PATHS = re.compile("(?<![\\w.$}])/" + "(work|root|opt/wheels)/")
TEMPORARY_PATHS = re.compile("(?<![\\w.$}])/" + "(var/)?tmp/")
README_LINES_MIN = 15


def list_files(root: Path) -> list[Path]:
    """List what is tracked or about to be; without git, everything but hidden and built folders."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others"]
    try:
        done = subprocess.run([*command, "--exclude-standard"], capture_output=True, check=False)
    except OSError:
        return sorted(walk_visible(root))
    if done.returncode != 0 or not (root / ".git").exists():
        return sorted(walk_visible(root))
    names = done.stdout.decode().split("\0")
    return sorted(root / name for name in names if name and (root / name).is_file())


def walk_visible(root: Path) -> Iterator[Path]:
    """Give the files that a checkout without git would hold."""
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [
            name
            for name in subfolders
            if name not in UNTRACKED_FOLDERS and (not name.startswith(".") or name == ".ci")
        ]
        yield from (Path(folder) / name for name in names)


def find_unwanted_words(root: Path) -> list[Breach]:
    """No registry's host and no path of somebody's machine is written down."""
    return [
        Breach(path, line, f"{word!r} must not be in the repository")
        for file in list_files(root)
        if (path := file.relative_to(root).as_posix())
        for line, word in scan_words(file, allow_temporary=path.startswith("tests/"))
    ]


def scan_words(file: Path, *, allow_temporary: bool) -> Iterator[tuple[int, str]]:
    """Give line and text of each unwanted word of a text file; binary files have none."""
    patterns = [REGISTRY_HOSTS, MACHINE_PATHS, *([] if allow_temporary else [TEMPORARY_PATHS])]
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern in patterns:
            if found := pattern.search(line):
                yield number, found.group()


def find_missing_readmes(root: Path) -> list[Breach]:
    """Each package says what it is for, its decisions and their price, and how to add to it."""
    return [
        Breach(f"{package}/README.md", 1, "a package needs a README that says something")
        for package in PACKAGES
        if count_text_lines(root / package / "README.md") < README_LINES_MIN
    ]


def count_text_lines(file: Path) -> int:
    """Count the lines that are not blank; a missing file has none."""
    if not file.exists():
        return 0
    return sum(1 for line in file.read_text(encoding="utf-8").splitlines() if line.strip())


def find_top_level_strangers(root: Path) -> list[Breach]:
    """The top level stays as it was agreed; folders and files with a leading dot are free."""
    names = {file.relative_to(root).parts[0] for file in list_files(root)}
    return [
        Breach(name, 1, "does not belong at the top level")
        for name in sorted(names - TOP_LEVEL)
        if not name.startswith(".")
    ]


def find_sleeping_scripts(root: Path) -> list[Breach]:
    """A file that names its interpreter can be started."""
    return [
        Breach(file.relative_to(root).as_posix(), 1, "starts with #! but is not executable")
        for file in list_files(root)
        if file.read_bytes()[:2] == b"#!" and not os.access(file, os.X_OK)
    ]
