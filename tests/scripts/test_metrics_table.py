"""The table of metrics is written between its marks, and nowhere else."""

import subprocess
import sys
from pathlib import Path

from node.measures.catalogue import make_table

BEGIN, END = "<!-- metrics: made by scripts/metrics_table -->", "<!-- end of metrics -->"


def run(root: Path, readme: Path) -> subprocess.CompletedProcess[str]:
    """Write the table into a file."""
    return subprocess.run(
        [sys.executable, root / "scripts" / "metrics_table.py", readme],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_what_stands_between_the_marks_is_replaced(root: Path, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert run(root, readme).returncode == 0
    assert readme.read_text() == f"before\n{BEGIN}\n\n{make_table()}\n{END}\nafter\n"
    once = readme.read_text()
    assert run(root, readme).returncode == 0
    assert readme.read_text() == once


def test_a_file_without_marks_is_left_alone(root: Path, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing\n")
    done = run(root, readme)
    assert done.returncode != 0
    assert BEGIN in done.stderr
    assert readme.read_text() == "nothing\n"
