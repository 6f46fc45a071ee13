"""Evidence that others are further: one claim per member, believed when f + 1 make it.

A claim is a hint to fetch decided heights, never a reason to decide: what is fetched proves itself
by its seal. A replica that knows itself behind does not suspect the primary.
"""

from collections.abc import Iterator

from consensus.committee import ReplicaId
from consensus.effects import Behind, Effect
from consensus.message import Height
from consensus.pbft.messages import Standing
from consensus.pbft.replica import Replica, Role


def compute_standing(replica: Replica, *, asks: bool) -> Standing:
    """Where this replica stands, and whether it suspects the primary of its view."""
    suspects = replica.is_voting and replica.suspected_at is not None
    return Standing(
        replica.view, replica.is_settled, replica.decided, replica.stable, suspects, asks
    )


def note_claim(replica: Replica, sender: ReplicaId, height: Height) -> Iterator[Effect]:
    """`sender` proves that it has decided `height`, and perhaps more."""
    if height > replica.claims.get(sender, 0):
        yield from replace_claim(replica, sender, height)


def replace_claim(replica: Replica, sender: ReplicaId, height: Height) -> Iterator[Effect]:
    """`sender` says that `height` is its last; who is far behind has the host fetch without waiting.

    A smaller lag mostly ends by itself, or else with the next repetition (a follower has none). The
    last word counts, also a lower one: whoever lost executed heights in a power failure takes its
    claim back, and nobody may wait for what none has any more.
    """
    if sender == replica.me or height == replica.claims.get(sender):
        return
    if not replica.committee.is_member(sender):
        return
    replica.claims[sender] = height
    replica.trusted_claim = replica.compute_trusted_claim()
    replica.fetching = min(replica.fetching, replica.trusted_claim)
    lag = replica.trusted_claim - replica.decided
    patience = 0 if replica.role is Role.FOLLOWER else replica.parameters.checkpoint_interval
    if lag > patience and replica.trusted_claim > replica.fetching:
        yield from fetch(replica)


def fetch(replica: Replica) -> Iterator[Effect]:
    """Others have decided more than this replica: the host fetches, and `Offered` follows."""
    if replica.is_behind:
        replica.fetching = replica.trusted_claim
        yield Behind(replica.trusted_claim)
