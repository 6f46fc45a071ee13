"""Engines that break the rules: what an adversary with a share of all work can do."""

from collections.abc import Callable, Mapping
from typing import Any

from consensus.engine import Engine

ADVERSARIES: Mapping[str, Callable[[Any, tuple[str, ...]], Engine]] = {}
