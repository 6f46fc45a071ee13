"""Where and with what a benchmark ran."""

import os
import platform
import subprocess
from pathlib import Path
from typing import Any


def describe_machine() -> dict[str, Any]:
    """Processor, cores, memory, system, Python."""
    return {
        "processor": read_field(Path("/proc/cpuinfo"), "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory": read_field(Path("/proc/meminfo"), "MemTotal"),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def read_field(path: Path, name: str) -> str | None:
    """The value after `name :` in a file of such lines."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(found, None)


def read_commit() -> str | None:
    """The checkout's commit, with `+` where files were changed; None outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    commit = run_git(root, "rev-parse", "--short=12", "HEAD")
    if commit is None:
        return None
    return commit + ("+" if run_git(root, "status", "--porcelain", "-uno") else "")


def run_git(root: Path, *words: str) -> str | None:
    """What git says, or None where it cannot."""
    command = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
