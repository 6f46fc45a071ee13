"""A chain of agreements' view of itself, for people."""

from consensus.chaining.engine import Chained
from consensus.chaining.keeper import Role
from consensus.committee import ReplicaId
from consensus.engine import Account
from consensus.idling import must_move


def compute_account(engine: Chained) -> Account:
    """Phase, round and the voices that are still needed for the next height."""
    chain, keeper = engine.chain, engine.chain.keeper
    heard: tuple[ReplicaId, ...] = ()
    phase, view, waiting_for, needed = keeper.role.value, 0, "work", 0
    instance = chain.current
    if keeper.role is Role.HALTED:
        waiting_for = "operator"
    elif keeper.is_behind:
        waiting_for = "blocks"
    elif keeper.decided + 1 in keeper.results:
        votes = keeper.outcomes.get(keeper.decided + 1, {})
        result = keeper.results[keeper.decided + 1]
        is_sealed = result.seal is not None
        waiting_for = "value" if is_sealed else "outcomes"
        needed = 1 if is_sealed else keeper.committee.weak_quorum
        heard = () if is_sealed else tuple(sorted(votes))
    elif instance is not None:
        standing = chain.family.tell(instance.agreement)
        phase, view, waiting_for = standing.phase, standing.round, standing.waiting_for
        needed, heard = standing.needed, standing.heard
    elif must_move(keeper, keeper.terms):
        waiting_for = "proposal"
    return Account(
        phase=phase,
        view=view,
        leader=None,
        height=keeper.decided + 1,
        waiting_for=waiting_for,
        needed=needed,
        heard=heard,
        counters=dict(sorted(keeper.counters.items())),
    )
