"""What is installed holds all that a node serves, and nothing that only readers of the source need."""

import subprocess
import sys
import zipfile
from pathlib import Path


def test_the_wheel_holds_the_pages(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    web = root / "node" / "web"
    for folder in ("templates", "static", "vendor", "vendor/licences"):
        files = [file for file in (web / folder).iterdir() if file.is_file()]
        assert files
        assert {file.relative_to(root).as_posix() for file in files} <= names
    assert not [name for name in names if name.endswith(".png")]
    assert any(name.endswith("licences/htmx.txt") and "dist-info" in name for name in names)
