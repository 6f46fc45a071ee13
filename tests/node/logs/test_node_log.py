"""The log of a node's process: where it goes, and what it says when there is no node to be."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from node.cli.node_group import choose_log_file
from node.config import ConfigError, load_config


def make_home(tmp_path: Path, log: str = "") -> Path:
    (tmp_path / "config.toml").write_text(f'name = "alone"\n{log}')
    return tmp_path


def test_a_log_file_lies_in_the_home_and_is_bounded(tmp_path: Path) -> None:
    section = '[log]\nfile = "logs/a.log"\nsize_bytes_max = 70000\nfiles_max = 3\n'
    chosen = choose_log_file(load_config(make_home(tmp_path, section)))
    assert chosen == (tmp_path / "logs" / "a.log", 70_000, 3)
    assert choose_log_file(load_config(make_home(tmp_path))) is None


@pytest.mark.parametrize("line", ["size_bytes_max = 5", "files_max = 1", 'level = "loud"'])
def test_bounds_that_make_no_sense_are_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError):
        load_config(make_home(tmp_path, f"[log]\n{line}\n"))


def test_what_keeps_a_node_from_starting_is_a_line_of_its_log(tmp_path: Path) -> None:
    home, log = make_home(tmp_path), tmp_path / "node.log"
    command = [sys.executable, "-P", "-m", "node.cli", "node", "run", "--home", str(home)]
    done = subprocess.run(
        [*command, "--log-file", str(log)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, "[genesis-missing]" in done.stderr) == (1, True)
    (line,) = map(json.loads, log.read_text().splitlines())
    assert (line["event"], line["level"]) == ("the node could not start", "error")
    assert line["reason"] == "genesis-missing"
    assert "genesis.json" in line["advice"]
