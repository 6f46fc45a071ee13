"""Running commands in this process."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from node.cli.main import run_command


class Done(NamedTuple):
    """How a command ended."""

    status: int
    output: str
    said: str

    def json(self) -> Any:
        """The last line of standard output."""
        return json.loads(self.output.splitlines()[-1])


Quorate = Callable[..., Done]


@pytest.fixture
def quorate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Quorate:
    """Run `quorate WORDS` as the shell would."""

    def call(*words: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["quorate", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            run_command()
        status = ended.value.code
        assert status is None or isinstance(status, int)
        return Done(status or 0, *capsys.readouterr())

    return call
