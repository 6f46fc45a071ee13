"""A log file that does not grow for ever: `node.log`, and the older `node.log.1`, `node.log.2`, ….

When the file is full it is renamed and a new one is begun; the oldest goes. What a process writes to
standard error besides (a trace of the interpreter, the stacks that SIGUSR1 asks for) goes to the new
file too, if standard error was the old one.
"""

import logging.handlers
import os
from pathlib import Path
from typing import NamedTuple

STANDARD_STREAMS = (1, 2)


class LogFile(NamedTuple):
    """Where to write, how large a file may grow, and how many there may be, the newest included."""

    path: Path
    size_bytes_max: int
    files_max: int

    def open(self) -> logging.Handler:
        """The handler that writes it; raises `OSError`."""
        return TurningHandler(
            self.path,
            maxBytes=self.size_bytes_max,
            backupCount=self.files_max - 1,
            encoding="utf-8",
        )


class TurningHandler(logging.handlers.RotatingFileHandler):
    """Takes the standard streams along to the new file."""

    def doRollover(self) -> None:  # noqa: N802 - the standard library's name
        """Begin a new file."""
        followers = [stream for stream in STANDARD_STREAMS if self._is_ours(stream)]
        super().doRollover()
        if self.stream is not None:
            for stream in followers:
                os.dup2(self.stream.fileno(), stream)

    def _is_ours(self, stream: int) -> bool:
        if self.stream is None:
            return False
        try:
            return os.path.samestat(os.fstat(stream), os.fstat(self.stream.fileno()))
        except OSError:  # nobody has that stream open
            return False


def list_log_files(path: Path) -> list[Path]:
    """The file and its older ones that exist, oldest first."""
    numbered: list[tuple[int, Path]] = []
    for one in path.parent.glob(f"{path.name}.*"):
        suffix = one.name.removeprefix(f"{path.name}.")
        if suffix.isascii() and suffix.isdigit():
            numbered.append((int(suffix), one))
    older = [one for _, one in sorted(numbered, reverse=True)]
    return [*older, path] if path.exists() else older
