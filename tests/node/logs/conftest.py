"""Logging that is a test's own, and put back afterwards."""

import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from node.logs import masking, scope

ReadLines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def _own_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    for module, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(scope, "_cell", [])
    monkeypatch.setattr(masking, "_protected", masking._protected.copy())
    level = root.level
    yield
    logging.captureWarnings(capture=False)
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def read_lines(_own_logging: None, capsys: pytest.CaptureFixture[str]) -> ReadLines:
    """What was logged since the last call, each line JSON."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
