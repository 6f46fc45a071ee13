"""Planting a bug: names are bound to other code for a while, and bound back afterwards."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from consensus.simulation.request import Request


@dataclass(slots=True)
class Ground:
    """Where bugs are planted; remembers what stood there."""

    replaced: list[tuple[Any, str, Any]] = field(default_factory=list)

    def put(self, owner: Any, name: str, value: Any) -> None:
        """Bind a name of a class or a module; it has to be bound there already."""
        self.replaced.append((owner, name, vars(owner)[name]))
        setattr(owner, name, value)

    def swap(self, function: Callable[..., Any], other: Callable[..., Any]) -> None:
        """Replace a function in every module of the engines and the simulator that names it."""
        name = function.__name__
        modules = [m for key, m in sorted(sys.modules.items()) if key.startswith("consensus.")]
        found = [module for module in modules if vars(module).get(name) is function]
        assert found, f"nobody names {name}"
        for module in found:
            self.put(module, name, other)

    def clear(self) -> None:
        """Put everything back."""
        while self.replaced:
            setattr(*self.replaced.pop())


Plant = Callable[[Ground], None]
ANY_STORM = Request()
"""Four replicas, and every fault that storms know."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: its name, what is wrong, the promises it may break, and the storms that hunt it."""

    name: str
    what: str
    breaks: tuple[str, ...]
    plant: Plant
    request: Request = ANY_STORM


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The code has this bug inside the block."""
    ground = Ground()
    try:
        mutant.plant(ground)
        yield
    finally:
        ground.clear()
