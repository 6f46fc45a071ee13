"""What one client did to one register, when, and what came of it.

Times are microseconds since some moment that all clients share. Every operation takes effect, if it
does, at one instant between its invocation and its completion; that is what is to be checked.
"""

from enum import StrEnum

import msgspec

Value = str | None
"""What a register holds; None is nothing."""


class Kind(StrEnum):
    """What was done."""

    READ = "read"
    WRITE = "write"


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A read, whose `value` is what it returned, or a write of `value`.

    Without `completed_us` the outcome is indefinite: a write may take effect at any later time, or
    never. With `failed` it is certain that it had, and will have, no effect. A read without an answer
    says nothing at all. `node` is where it was asked, `detail` why it did not succeed, for people.
    """

    client: int
    key: str
    kind: Kind
    invoked_us: int
    completed_us: int | None = None
    value: Value = None
    failed: bool = False
    node: str = ""
    detail: str = ""

    @property
    def is_read(self) -> bool:
        """Did it ask for the value."""
        return self.kind is Kind.READ

    @property
    def is_definite(self) -> bool:
        """Did it succeed for certain."""
        return self.completed_us is not None and not self.failed

    @property
    def counts(self) -> bool:
        """Does it say anything about the register."""
        return not self.failed and (self.completed_us is not None or not self.is_read)

    def describe(self) -> str:
        """In words, such as `client 3 wrote "c3-7" in 1.204 … 1.310 s`."""
        shown = "nothing" if self.value is None else f'"{self.value}"'
        if self.completed_us is None:
            verb, end = "may have written", "?"
        else:
            verb, end = "read" if self.is_read else "wrote", f"{self.completed_us / 1e6:.6f}"
        where = f" at {self.node}" if self.node else ""
        return (
            f"client {self.client} {verb} {shown}{where} in {self.invoked_us / 1e6:.6f} … {end} s"
        )
