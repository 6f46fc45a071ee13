"""A replica's view of itself, for people: what it does, and what it waits for."""

from consensus.engine import Account
from consensus.pow.replica import Replica

PHASES: tuple[str, ...] = ("starting", "split-off", "fetching", "adopting", "mining", "following")
"""Every phase there is."""


def compute_account(replica: Replica) -> Account:
    """Phase, height and what would move it; there are no views, and nobody leads."""
    tree = replica.tree
    height = tree.head.height if tree else 0
    phase, waiting_for, needed = compute_wait(replica)
    return Account(
        phase=phase,
        view=0,
        leader=None,
        height=height + 1,
        waiting_for=waiting_for,
        needed=needed,
        heard=(),
        counters=dict(sorted(replica.counters.items())),
        goal=tree.nodes[tree.best].height if tree and waiting_for == "bodies" else 0,
    )


def compute_wait(replica: Replica) -> tuple[str, str, int]:
    """Phase, what is waited for, and how many of it."""
    tree = replica.tree
    if tree is None:
        return "starting", "start", 1
    if replica.warned:
        return "split-off", "operator", 0
    if tree.nodes[tree.best].work > tree.head.work:
        return "fetching", "bodies", tree.nodes[tree.best].height - tree.find_fork(tree.best).height
    if replica.applied != tree.chain[-1]:
        return "adopting", "ledger", 1
    return ("following" if replica.me is None else "mining"), "block", 1
