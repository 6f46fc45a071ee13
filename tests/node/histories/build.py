"""Histories in short: `w(0, 5, "a")` writes from 0 to 5, `r(6, 8, "a")` reads what was written."""

from node.histories.operation import Kind, Operation, Value


def w(invoked: int, completed: int | None, value: Value, client: int = 0) -> Operation:
    """A write; without a completion it is indefinite."""
    return Operation(client, "k", Kind.WRITE, invoked, completed, value)


def r(invoked: int, completed: int | None, value: Value, client: int = 1) -> Operation:
    """A read."""
    return Operation(client, "k", Kind.READ, invoked, completed, value)


def failed(invoked: int, completed: int, value: Value) -> Operation:
    """A write that had no effect for certain."""
    return Operation(0, "k", Kind.WRITE, invoked, completed, value, failed=True)
