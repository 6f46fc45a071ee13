"""Exponential information gathering: who said that who said what, f + 1 levels deep.

Source: Pease, Shostak and Lamport 1980; in this form Bar-Noy, Dolev, Dwork and Strong 1987, and Lynch
1996, section 6.3.

Model: synchronous, authenticated channels, f members lie, nothing is signed. Bound: n > 3f. V2.
A path i, j, k stands for "k said that j said that i's input is v". In each round everybody says all
paths of the last level that it is not itself part of. At the end each path takes the value that most
of the paths one longer have, and the root's is decided; what is missing or has no majority counts as
the null value.
Safety: a path that ends in a correct member has the same value everywhere. Every chain of f + 1
members holds a correct one, so the root's value is the same everywhere.

Cost: f + 1 rounds, (f + 1) n (n - 1) messages, of up to n^f values: for small n.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from consensus.committee import Committee, ReplicaId
from consensus.lockstep.choosing import count
from consensus.lockstep.messages import Branch, Gathered
from consensus.message import NULL_VALUE

Path: TypeAlias = tuple[ReplicaId, ...]


@dataclass(slots=True)
class Gathering:
    """One participant; `tree` holds what was heard, by path, the own input under no path."""

    me: ReplicaId
    committee: Committee
    rounds: int
    tree: dict[Path, bytes]
    decision: bytes | None = None
    has_halted: bool = False

    def send(self, in_round: int) -> Gathered:
        """The last level but for paths that the own word is part of."""
        self.has_halted = in_round == self.rounds
        level = (path for path in sorted(self.tree) if len(path) == in_round - 1)
        return Gathered(tuple(Branch(p, self.tree[p]) for p in level if self.me not in p))

    def receive(self, in_round: int, mail: Mapping[ReplicaId, Any]) -> None:
        """One level more; at the end the majorities of majorities."""
        for sender in sorted(mail):
            said = mail[sender]
            for branch in said.branches if isinstance(said, Gathered) else ():
                if is_path(self.committee, branch.path, sender, in_round):
                    self.tree.setdefault((*branch.path, sender), branch.value)
        if in_round == self.rounds:
            self.decision = resolve(self, ())


def is_path(committee: Committee, path: Path, sender: ReplicaId, in_round: int) -> bool:
    """Can the sender say this in this round: so many distinct members, itself not among them."""
    names = {*path, sender}
    is_whole = len(path) == in_round - 1 and len(names) == in_round
    return is_whole and all(map(committee.is_member, names))


def resolve(gathering: Gathering, path: Path) -> bytes:
    """What most of the paths one longer come to; at the last level what was heard."""
    if len(path) == gathering.rounds:
        return gathering.tree.get(path, NULL_VALUE)
    below = [resolve(gathering, longer) for longer in extend(gathering.committee, path)]
    counts = count(below)
    return next((v for v in sorted(counts) if 2 * counts[v] > len(below)), NULL_VALUE)


def extend(committee: Committee, path: Path) -> Iterator[Path]:
    """The paths one longer."""
    return ((*path, member) for member in committee.members if member not in path)


def create(
    me: ReplicaId, committee: Committee, value: bytes, rounds: int | None = None
) -> Gathering:
    """A participant with its input, for f + 1 rounds unless told otherwise."""
    lasting = committee.faults + 1 if rounds is None else rounds
    return Gathering(me, committee, lasting, {(): value})
