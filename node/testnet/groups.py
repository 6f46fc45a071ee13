"""How a network is cut: groups of node numbers, written `0,1/2,3`."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from node.testnet.errors import ClusterError

Groups: TypeAlias = tuple[tuple[int, ...], ...]
"""Every node stands in exactly one; nodes of different groups cannot reach each other."""


def parse_groups(text: str, nodes: int) -> Groups:
    """`0,1/2,3` as `((0, 1), (2, 3))`; raises `ClusterError` (bad-groups)."""
    groups = tuple(tuple(map(parse_node, part.split(","))) for part in text.split("/"))
    check_groups(groups, nodes)
    return tuple(tuple(sorted(group)) for group in groups)


def parse_node(text: str) -> int:
    """A node's number."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len("999")):
        raise refuse(f"{digits!r} is not the number of a node")
    return int(digits)


def check_groups(groups: Sequence[Sequence[int]], nodes: int) -> None:
    """Refuse groups that do not divide the nodes 0 … `nodes` - 1 into two or more parts."""
    named = [index for group in groups for index in group]
    wrong = {
        "there is no": sorted(set(named) - set(range(nodes))),
        "named twice:": sorted({index for index in named if named.count(index) > 1}),
        "in no group:": sorted(set(range(nodes)) - set(named)),
    }
    for what, indices in wrong.items():
        if indices:
            raise refuse(f"{what} node {', '.join(map(str, indices))}")
    if len(groups) < 2:
        raise refuse("one group alone is not a partition")
    if not all(groups):
        raise refuse("a group is empty")


def refuse(what: str) -> ClusterError:
    """The error that says what is wrong with the groups."""
    return ClusterError(
        what,
        reason="bad-groups",
        advice="name every node once, as in `quorate testnet partition 0,1/2,3`;"
        " `quorate testnet heal` undoes it",
    )


def format_groups(groups: Iterable[Iterable[int]]) -> str:
    """As they are written: `0,1/2,3`."""
    return "/".join(",".join(map(str, group)) for group in groups)


def are_parted(groups: Groups, one: int, other: int) -> bool:
    """Do the two nodes stand in different groups; without groups none do."""
    return any((one in group) != (other in group) for group in groups)
