"""Who speaks: network, node and final height, on every line of a process.

A process runs one node. Its threads and callbacks have no context of their own, so the scope is one
cell of the process; where tests run several nodes in one, the one that entered last is named.
"""

from collections.abc import Callable, MutableMapping
from typing import Any, NamedTuple


class Scope(NamedTuple):
    """What every line tells; `read_height` is called for each, so it has to be cheap."""

    network: str
    node: str
    read_height: Callable[[], int]


_cell: list[Scope] = []


def enter_scope(scope: Scope) -> Scope:
    """From here on lines are of this node."""
    _cell[:] = [scope]
    return scope


def freeze_scope(scope: Scope) -> None:
    """The node is about to close its ledger: its last lines tell the height that it has now."""
    if _cell == [scope]:
        height = scope.read_height()
        _cell[:] = [scope._replace(read_height=lambda: height)]


def add_scope(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The processor: a line that has a `height` of its own keeps it."""
    for scope in _cell:
        event.setdefault("network", scope.network)
        event.setdefault("node", scope.node)
        event.setdefault("height", scope.read_height())
    return event
