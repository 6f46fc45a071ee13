"""The rules about the repository as a whole, each with a small breach."""

import subprocess
from pathlib import Path

import pytest

from tests.tidy import repository
from tests.tidy.conftest import Write

REGISTRY = "py" + "pi.org"
MACHINE = "/" + "work/"


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("requirements.lock", f"--index-url https://{REGISTRY}/simple\n", 1),
        ("README.md", f"see\n\ncd {MACHINE}main\n", 1),
        ("node/config.py", 'HOME = "/' + 'tmp/quorate"\n', 1),
        ("tests/test_a.py", 'HOME = "/' + 'tmp/quorate"\n', 0),
        ("tests/test_a.py", f'HOME = "{MACHINE}quorate"\n', 1),
        ("README.md", "how the frame" + f"{MACHINE}s and a path/" + "tmp/x\n", 0),
        ("docker/Dockerfile", "FROM python:3.12-slim\nRUN pip install .\n", 0),
    ],
)
def test_unwanted_words(write: Write, path: str, text: str, found: int) -> None:
    breaches = repository.find_unwanted_words(write(path, text))
    assert [breach.path for breach in breaches] == [path] * found


def test_binary_files_have_no_words(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\xff\xfe" + MACHINE.encode())
    assert repository.find_unwanted_words(tmp_path) == []


def test_missing_and_empty_readmes(write: Write) -> None:
    text = "# Consensus\n" + "What it is for.\n" * repository.README_LINES_MIN
    write("node/README.md", "# Node\n\n")
    root = write("consensus/README.md", text)
    assert [breach.path for breach in repository.find_missing_readmes(root)] == [
        "ledger/README.md",
        "node/README.md",
    ]


def test_strangers_at_the_top_level(write: Write) -> None:
    write("README.md", "# Quorate\n")
    write(".ci/run", "exec ./scripts/test\n")
    write("utils/a.py", "")
    root = write("notes.txt", "")
    assert [breach.path for breach in repository.find_top_level_strangers(root)] == [
        "notes.txt",
        "utils",
    ]


def test_scripts_must_be_executable(write: Write) -> None:
    write("scripts/lib.sh", "# Sourced.\n")
    root = write("scripts/test", "#!/usr/bin/env bash\n")
    assert [breach.path for breach in repository.find_sleeping_scripts(root)] == ["scripts/test"]
    (root / "scripts/test").chmod(0o755)
    assert repository.find_sleeping_scripts(root) == []


def test_with_git_only_what_it_would_track_is_read(write: Write) -> None:
    write(".gitignore", "/data/\n")
    write("data/a.txt", MACHINE)
    write("b.txt", MACHINE)
    root = write("c.txt", "fine\n")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    names = [file.name for file in repository.list_files(root)]
    assert names == [".gitignore", "b.txt", "c.txt"]
    assert [breach.path for breach in repository.find_unwanted_words(root)] == ["b.txt"]


def test_without_git_hidden_and_built_folders_are_left_out(write: Write) -> None:
    for path in (".venv/a.py", "node/__pycache__/a.pyc", ".ci/run"):
        write(path, "")
    root = write("node/a.py", "")
    names = [file.relative_to(root).as_posix() for file in repository.list_files(root)]
    assert names == [".ci/run", "node/a.py"]
