"""Who stands behind a decided height, as its proofs tell: for people who look at a ledger."""

from dataclasses import dataclass

from consensus.committee import ReplicaId


@dataclass(frozen=True, slots=True)
class Testimony:
    """What a seal says of how its height was decided.

    `view` is the view or ballot, None where the seal tells none. `leader` is who led it, where the seal
    names somebody.
    `voters` are those whose votes the seal bears, by id; None for an engine whose seals bear none.
    A quorum is enough for a seal, so whoever is missing may have voted too, a little later.
    """

    view: int | None
    leader: ReplicaId | None
    voters: tuple[ReplicaId, ...] | None
