"""The order of tests: side by side on workers first, then those that want the machine alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.parametrize("number", range(3))
def test_together(number, worker_id):
    assert worker_id.startswith({together!r})

@pytest.mark.cluster
@pytest.mark.parametrize("number", range(2))
def test_alone(number, worker_id):
    assert worker_id == "master"
"""
SETTINGS = """
[tool.pytest.ini_options]
testpaths = ["tests"]
filterwarnings = ["error"]
markers = ["cluster: alone"]
"""


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Path:
    (tmp_path / "tests").mkdir()
    shutil.copy(root / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    return tmp_path


def run(project: Path, together: str, *options: str, more: str = "") -> tuple[int, list[str]]:
    (project / "tests" / "test_a.py").write_text(TESTS.format(together=together) + more)
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "no:cacheprovider", *options]
    own = ("PYTEST", "PYTHON")
    outer = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    bare = {**outer, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=project, env=bare, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.splitlines()


def test_workers_then_alone_in_one_closing_line(project: Path) -> None:
    status, lines = run(project, "gw", "--numprocesses", "2")
    assert status == 0, "\n".join(lines)
    assert "5 passed" in lines[-1]


def test_without_workers_the_lonely_ones_come_last(project: Path) -> None:
    status, lines = run(project, "master", "--verbose", more="\ndef test_last():\n    pass\n")
    assert status == 0, "\n".join(lines)
    order = [line.split("::")[1].split()[0].split("[")[0] for line in lines if " PASSED" in line]
    assert order == ["test_together"] * 3 + ["test_last"] + ["test_alone"] * 2


@pytest.mark.parametrize("marker", ["", "@pytest.mark.cluster\n"])
def test_a_failure_on_either_side_fails_the_run(project: Path, marker: str) -> None:
    more = f"\n{marker}def test_bad():\n    assert False\n"
    status, lines = run(project, "gw", "--numprocesses", "2", more=more)
    assert status == 1
    assert "1 failed, 5 passed" in lines[-1]


def test_selections_hold_on_both_sides(project: Path) -> None:
    options = ("--numprocesses", "2")
    assert run(project, "gw", *options, "-m", "not cluster")[1][-1].count("3 passed") == 1
    assert run(project, "gw", *options, "-k", "test_alone")[1][-1].count("2 passed") == 1
    assert run(project, "gw", *options, "-k", "nothing")[0] == pytest.ExitCode.NO_TESTS_COLLECTED
