"""Log files that do not grow for ever, in a process of their own."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

from node.logs.files import LogFile, list_log_files

WRITER = """
import logging, sys
from pathlib import Path
from node.logs.files import LogFile
log = logging.getLogger()
log.addHandler(LogFile(Path(sys.argv[1]), 4_000, 3).open())
for number in range(1_000):
    log.warning('{"number": %d}', number)
sys.stderr.write("said aside\\n")
log.warning("last")
"""


def test_a_log_is_bounded_and_the_standard_streams_come_along(tmp_path: Path) -> None:
    path = tmp_path / "node.log"
    with path.open("ab") as stream:
        done = subprocess.run(
            [sys.executable, "-c", WRITER, str(path)], stderr=stream, check=False, timeout=60
        )
    assert done.returncode == 0, path.read_text()
    files = list_log_files(path)
    assert [file.name for file in files] == ["node.log.2", "node.log.1", "node.log"]
    assert all(file.stat().st_size <= 4_100 for file in files)
    lines = "".join(file.read_text() for file in files).splitlines()
    assert lines[-2:] == ["said aside", "last"]
    numbers = [json.loads(line)["number"] for line in lines[:-2]]
    assert numbers == list(range(numbers[0], 1_000))


def test_streams_that_go_elsewhere_stay_there(tmp_path: Path) -> None:
    before = os.fstat(2)
    handler = LogFile(tmp_path / "a.log", 100, 2).open()
    for _ in range(10):
        handler.emit(logging.LogRecord("x", logging.INFO, "", 0, "word " * 10, None, None))
    handler.close()
    assert os.path.samestat(os.fstat(2), before)
    assert len(list_log_files(tmp_path / "a.log")) == 2


def test_files_are_listed_oldest_first(tmp_path: Path) -> None:
    assert list_log_files(tmp_path / "node.log") == []
    for name in ("node.log", "node.log.2", "node.log.10", "node.log.old", "node.logs"):
        (tmp_path / name).touch()
    names = [path.name for path in list_log_files(tmp_path / "node.log")]
    assert names == ["node.log.10", "node.log.2", "node.log"]
