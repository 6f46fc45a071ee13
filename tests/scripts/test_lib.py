"""The shell functions that make the environment: which Python is taken, and when work is done."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
TOOLS = ("bash", "cat", "cut", "flock", "grep", "sha256sum", "tail", "tee")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH with a few tools and no Python."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(shutil.which(name) or pytest.fail(f"{name} is missing"))
    return folder


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Path:
    """A project with the library, a lock and a project file; the library knows only PATH."""
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    text = (root / "scripts" / "lib.sh").read_text(encoding="utf-8")
    assert "/usr/bin/python3" in text
    (folder / "scripts" / "lib.sh").write_text(text.replace("/usr/bin/python3", "absent"))
    shutil.copy(root / "pyproject.toml", folder)
    (folder / "requirements.lock").write_text("aiohttp==3\n")
    (folder / "requirements-dev.lock").write_text("aiohttp==3\npytest==8\n")
    return folder


@pytest.fixture
def run(project: Path, programs: Path) -> Run:
    """Call a function of the library, as a script does."""

    def call(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [programs / "bash", "-c", f"set -euo pipefail; . scripts/lib.sh; {command}"],
            cwd=project,
            env={"PATH": str(programs), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def write_program(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!{folder / 'bash'}\n{body}\n")
    (folder / name).chmod(0o755)


def test_without_a_python_the_error_says_what_to_do(run: Run) -> None:
    done = run("find_python")
    assert done.returncode == 1
    assert "no working Python 3.11" in done.stderr
    assert "PYTHON=" in done.stderr


def test_a_shim_that_fails_is_passed_over(run: Run, programs: Path) -> None:
    write_program(programs, "python3.12", "exit 127")
    (programs / "python3.11").symlink_to(sys.executable)
    assert run("find_python").stdout.strip() == str(programs / "python3.11")


def test_a_named_python_comes_first(run: Run, programs: Path) -> None:
    (programs / "python3.11").symlink_to(sys.executable)
    (programs / "chosen").symlink_to(sys.executable)
    done = run("find_python", PYTHON=str(programs / "chosen"))
    assert done.stdout.strip() == str(programs / "chosen")


def test_an_old_python_is_refused(run: Run, programs: Path) -> None:
    write_program(programs, "python3", "exit 1")
    assert run("find_python").returncode == 1


@pytest.mark.parametrize(
    ("made_from", "wanted"),
    [
        ("requirements.lock", "requirements.lock"),
        ("requirements-dev.lock", "requirements-dev.lock"),
        ("requirements-dev.lock", "requirements.lock"),
    ],
)
def test_a_made_environment_is_left_alone(
    run: Run, project: Path, made_from: str, wanted: str
) -> None:
    stamp = run(f"lock_stamp {made_from}").stdout.strip()
    (project / ".venv").mkdir()
    (project / ".venv" / ".made-from").write_text(f"{made_from} {stamp}\n")
    done = run(f"build_environment() {{ echo built >&2; false; }}; make_environment {wanted}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("made_from", "changed", "wanted", "built"),
    [
        ("requirements.lock", "requirements.lock", "requirements.lock", "requirements.lock"),
        ("requirements.lock", None, "requirements-dev.lock", "requirements-dev.lock"),
        (
            "requirements-dev.lock",
            "requirements-dev.lock",
            "requirements.lock",
            "requirements-dev.lock",
        ),
        (None, None, "requirements.lock", "requirements.lock"),
    ],
)
def test_an_environment_is_made_when_its_lock_says_so(
    run: Run, project: Path, made_from: str | None, changed: str | None, wanted: str, built: str
) -> None:
    if made_from:
        stamp = run(f"lock_stamp {made_from}").stdout.strip()
        (project / ".venv").mkdir()
        (project / ".venv" / ".made-from").write_text(f"{made_from} {stamp}\n")
    if changed:
        with (project / changed).open("a") as lock:
            lock.write("yarl==1\n")
    done = run(f"build_environment() {{ echo $1; }}; make_environment {wanted}")
    assert done.stdout.split() == [built]


def test_a_failed_install_leaves_no_stamp_and_explains_itself(
    run: Run, project: Path, programs: Path
) -> None:
    (programs / "mkdir").symlink_to(shutil.which("mkdir") or pytest.fail("mkdir is missing"))
    (programs / "rm").symlink_to(shutil.which("rm") or pytest.fail("rm is missing"))
    (programs / "ln").symlink_to(shutil.which("ln") or pytest.fail("ln is missing"))
    write_program(
        programs,
        "python3.12",
        f"""case "$*" in
        *--version*) echo Python 3.13.0 ;;
        *"-m venv"*) mkdir -p .venv/bin && ln -s {programs}/python3.12 .venv/bin/python ;;
        *"-m pip"*) echo "Failed to build plyvel"; exit 1 ;;
        *"(3, 13)"*) exit 1 ;;
        esac""",
    )
    done = run("make_environment requirements.lock")
    assert done.returncode != 0
    assert "Failed to build plyvel" in done.stderr
    assert "libleveldb-dev" in done.stderr
    assert not (project / ".venv" / ".made-from").exists()


def test_every_shell_script_parses(root: Path) -> None:
    scripts = [root / ".ci" / "run", *(root / "scripts").iterdir()]
    shells = [file for file in scripts if file.is_file() and b"bash" in file.read_bytes()[:40]]
    assert {"run", "check", "install", "lock", "test", "testnet"} <= {file.name for file in shells}
    for file in shells:
        subprocess.run(["bash", "-n", str(file)], check=True, env=dict(os.environ))
