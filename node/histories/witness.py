"""Why a history is wrong: the first read that could not have been, and the few operations that say so.

A prefix of a good history is good. So there is a first completion with which the history turns bad;
it is that of a read, for a write that has just ended may stand last in the order. What happened
later is left out, and then whatever can be: single reads, and writes together with all who read
their value. A good history stays good without them, so if the rest is bad, so is the whole.
"""

from collections.abc import Callable, Sequence

import msgspec

from node.histories.operation import Operation, Value
from node.histories.search import Verdict, search

STATES_MAX = 200_000
"""For one of the many searches that make a witness small."""

Group = tuple[Operation, ...]
"""What can be left out together."""


class Witness(msgspec.Struct, frozen=True):
    """`read` could not have been; `operations`, it among them, have no order that explains them."""

    read: Operation
    operations: tuple[Operation, ...]
    why: str


def find_witness(operations: Sequence[Operation]) -> Witness:
    """A small part of a bad history on one register that is bad as well."""
    read, prefix = cut(operations)
    core = shrink(prefix, read)
    core.sort(key=lambda one: (one.invoked_us, one.client))
    return Witness(read, tuple(core), explain(read, core))


def is_bad(operations: Sequence[Operation]) -> bool:
    """Is it certain that no order explains them."""
    return search(operations, STATES_MAX).verdict is Verdict.VIOLATED


def cut(operations: Sequence[Operation]) -> tuple[Operation, list[Operation]]:
    """The read with whose completion a history turns bad, and the history until then."""
    reads = [one for one in operations if one.is_read and one.is_definite]
    reads.sort(key=lambda one: one.completed_us or 0)
    low, high = 0, len(reads) - 1
    while low < high:
        middle = (low + high) // 2
        if is_bad(until(operations, reads[: middle + 1])):
            high = middle
        else:
            low = middle + 1
    return reads[low], until(operations, reads[: low + 1])


def until(operations: Sequence[Operation], reads: Sequence[Operation]) -> list[Operation]:
    """What had happened when the last of these reads was completed; open writes are indefinite."""
    end_us = reads[-1].completed_us or 0
    writes = [
        one
        if one.completed_us is None or one.completed_us < end_us
        else msgspec.structs.replace(one, completed_us=None)
        for one in operations
        if not one.is_read and one.counts and one.invoked_us <= end_us
    ]
    return [*writes, *reads]


def shrink(operations: Sequence[Operation], read: Operation) -> list[Operation]:
    """As few as can be, by leaving out halves, then quarters, and so on (Zeller's ddmin)."""
    reads: list[Group] = [(one,) for one in operations if one.is_read and one is not read]
    left = leave_out(reads, lambda kept: [*(o for o in operations if not o.is_read), read, *kept])
    values = {one.value for one in left if not one.is_read} - {read.value}
    groups: list[Group] = [
        tuple(one for one in left if one.value == value)
        for value in sorted(values, key=lambda value: value or "")
    ]
    rest = [one for one in left if one.value not in values]
    return leave_out(groups, lambda kept: [*rest, *kept])


def leave_out(
    groups: list[Group], join: Callable[[list[Operation]], list[Operation]]
) -> list[Operation]:
    """The smallest bad history of some of the groups that is found."""
    size = max(len(groups) // 2, 1)
    while groups:
        at = 0
        while at < len(groups):
            fewer = groups[:at] + groups[at + size :]
            if is_bad(join([one for group in fewer for one in group])):
                groups = fewer
            else:
                at += size
        if size == 1:
            break
        size //= 2
    return join([one for group in groups for one in group])


def explain(read: Operation, core: Sequence[Operation]) -> str:
    """What is wrong with the read, in a sentence."""
    writes = [one for one in core if not one.is_read and one.value == read.value]
    if not writes and read.value is not None:
        return "nobody had written what it returned"
    if newer := find_newer(read, writes, core):
        verb = "read" if newer.is_read else "written"
        return f"it is stale: {tell(newer.value)} was {verb} after that, and before it was asked"
    return "no order of these operations explains it"


def find_newer(
    read: Operation, writes: Sequence[Operation], core: Sequence[Operation]
) -> Operation | None:
    """An operation that showed another value after what was read was over, before it was asked."""
    ends = [write.completed_us for write in writes]
    for one in core:
        if one.value == read.value or one.completed_us is None:
            continue
        sources = [w.invoked_us for w in core if not w.is_read and w.value == one.value]
        began_us = max(one.invoked_us, min(sources, default=0))
        is_after = all(end is not None and end < began_us for end in ends)
        if is_after and one.completed_us < read.invoked_us:
            return one
    return None


def tell(value: Value) -> str:
    """A value in words."""
    return "nothing" if value is None else f'"{value}"'
