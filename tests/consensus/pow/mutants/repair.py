"""Bugs that lose no block, but keep a replica from what others have."""

from collections.abc import Iterator

from consensus.committee import ReplicaId
from consensus.effects import Effect
from consensus.pow import arriving, bodies, fetching
from consensus.pow.block_tree import BlockTree
from consensus.pow.messages import Locate
from consensus.pow.replica import Replica
from consensus.simulation.request import Request
from tests.consensus.mutants.planting import Ground, Mutant
from tests.consensus.pbft.mutants.progress import STOPS, do_nothing
from tests.consensus.pow.mutants.chains import SPLITS

STORM = Request(engine="pow")
APART = (*STOPS, *SPLITS)
"""Who is kept from the others finalizes a branch of its own."""


def never_fetch(ground: Ground) -> None:
    """Bodies are never asked for."""
    ground.swap(bodies.want_bodies, do_nothing)


def never_locate(ground: Ground) -> None:
    """A tip on an unknown branch is nobody's concern."""
    ground.swap(fetching.ask_headers, do_nothing)
    ground.swap(arriving.hold_orphan, do_nothing)


def never_ask_twice(ground: Ground) -> None:
    """What was asked for once is not asked for again."""
    ground.swap(bodies.give_up_waiting, lambda _replica: None)


def drop_late(ground: Ground) -> None:
    """A body that came late is dropped, also if its branch is wanted by now."""
    ground.put(BlockTree, "is_wanted", lambda _tree, _block_id: False)


def answer_nothing(ground: Ground) -> None:
    """Nobody is told headers."""
    ground.swap(fetching.on_locate, do_nothing)


def share_nothing_old(ground: Ground) -> None:
    """Nobody is given bodies."""
    ground.swap(bodies.on_want, do_nothing)


def answer_own_branch(ground: Ground) -> None:
    """Only who stands on the own branch is told what follows."""
    real = fetching.on_locate

    def on_locate(replica: Replica, sender: ReplicaId, message: Locate) -> Iterator[Effect]:
        tip = message.locator[:1]
        return real(replica, sender, message) if replica.grown.is_on_chain(*tip) else iter(())

    ground.swap(real, on_locate)


MUTANTS = (
    Mutant("never-fetches-bodies", "missing bodies are not asked for", APART, never_fetch, STORM),
    Mutant("never-locates", "missing headers are not asked for", APART, never_locate, STORM),
    Mutant(
        "never-asks-twice",
        "bodies that did not come are not asked for again",
        APART,
        never_ask_twice,
        STORM,
    ),
    Mutant(
        "drops-late", "bodies of a branch that was light once are dropped", APART, drop_late, STORM
    ),
    Mutant("tells-no-headers", "nobody is told what follows", APART, answer_nothing, STORM),
    Mutant("gives-no-bodies", "nobody is given a body", APART, share_nothing_old, STORM),
    Mutant(
        "answers-its-own",
        "only who stands on the own branch is told what follows",
        APART,
        answer_own_branch,
        STORM,
    ),
)
