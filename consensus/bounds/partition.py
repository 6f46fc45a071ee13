"""The three-group partition attack on PBFT (Dwork, Lynch and Stockmeyer 1988; the chapter's 4.2, mended).

Groups A and B are correct, C has two faces, and the mail between A and B is late until both have
decided: before the unknown stabilisation time that is allowed. The chapter lets A and B compare notes,
so its proof has a gap; signatures do not help, since C signs both of its faces.

With n <= 3f no quorum is both live and safe. Votes from n - f have to be enough, for f may be silent
for ever; then A with C is as many as B with C, and they decide different values. Quorums that meet in
a correct member, (n + f) // 2 + 1, are more than n - f there: nothing moves. One more liar than f is
the same thing inside another bound: n = 4 with two of them.
"""

from collections.abc import Sequence

from consensus import catalog
from consensus.bounds.simulated import Script
from consensus.committee import ReplicaId

ENGINE = "pbft"
WAIT_MS, AFTER_MS = 30_000, 10_000
"""How long A and B are kept apart, and what follows: view changes by the dozen."""
LIVE, SAFE, CROWD, CONTROL = "live quorum", "safe quorum", "two liars of four", "one liar of four"


def is_granted(size: int, faults: int) -> bool:
    """Does the theorem that PBFT rests on cover so many liars among so many."""
    return catalog.get(ENGINE).model.judge(size, faults).is_granted


def keep_apart(one: Sequence[ReplicaId], other: Sequence[ReplicaId]) -> list[tuple[int, int]]:
    """The links between two groups, in both directions."""
    return [pair for a in one for b in other for pair in ((a, b), (b, a))]


def make_script(
    faults: int,
    first: Sequence[ReplicaId],
    second: Sequence[ReplicaId],
    liars: Sequence[ReplicaId],
    *,
    is_live: bool = False,
) -> Script:
    """A is `first`, B is `second`, C is the rest, of whom `liars` lie; replica 0 leads and is one."""
    size = 1 + max(*first, *second, *liars)
    apart = keep_apart(first, second)
    lines = [
        f"behave 0 two-faced {' '.join(map(str, first))}",
        *(f"behave {liar} parrot" for liar in liars if liar),
        *(f"clog {a} {b}" for a, b in apart),
        "submit pay",
        f"run {WAIT_MS}",
        *(f"unclog {a} {b}" for a, b in apart),
        f"run {AFTER_MS}",
    ]
    covered = is_granted(size, len(liars)) and faults >= len(liars)
    return Script(ENGINE, size, faults, tuple(lines), covered, lying=tuple(liars), is_live=is_live)


GROUPS: dict[str, tuple[tuple[ReplicaId, ...], ...]] = {
    LIVE: ((1,), (2,), (0,)),
    CROWD: ((1,), (2,), (0, 3)),
    CONTROL: ((1,), (2, 3), (0,)),
}
"""A, B and C."""


def list_scripts() -> dict[str, Script]:
    """The three ways out of n > 3f, and the control inside."""
    silent = ("behave 0 silent", "submit pay", f"run {WAIT_MS}")
    return {
        LIVE: make_script(1, *GROUPS[LIVE], is_live=True),
        SAFE: Script(ENGINE, 3, 1, silent, covered=is_granted(3, 1), lying=(0,)),
        CROWD: make_script(1, *GROUPS[CROWD]),
        CONTROL: make_script(1, *GROUPS[CONTROL]),
    }
