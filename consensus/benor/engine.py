"""The asynchronous ledger engine: a common subset of the members' batches at every height.

Model: asynchronous, fair-lossy links, members that crash and come back. Bound: n > 2f. Nobody leads
and no timer bears on progress, so no slow member and no false suspicion holds the chain up; what it
costs is O(n^3) messages a height, and that members pack the same work more than once.

`subset` decides a height, `consensus.chaining` makes a chain of heights.
"""

from typing import Any

from consensus.benor.messages import Carried, Kept, Vote
from consensus.benor.refusals import Refusal
from consensus.benor.subset import Subset, open_subset
from consensus.chaining import checkpoint, messages
from consensus.chaining import engine as chaining
from consensus.chaining.family import Family, Standing
from consensus.chaining.refusals import Refusal as ChainRefusal
from consensus.committee import Committee, ReplicaId
from consensus.message import Codec, Height, Signed

CARRYING, AGREEING, COLLECTING = "carrying", "agreeing", "collecting"
PHASES: tuple[str, ...] = (CARRYING, AGREEING, COLLECTING)
"""A height's values are brought in; agreements run; all have ended but a value is not here."""

MESSAGES = Codec(
    messages.At[Carried | Vote]
    | messages.Lack
    | messages.Learned
    | Signed[messages.Checkpoint]
    | messages.CheckpointCertificate
)
RECORDS = Codec(
    messages.Noted[Carried | Kept]
    | messages.Given
    | messages.Begun
    | messages.Lost
    | messages.CheckpointCertificate
)
SEALS = Codec(messages.Word)
CERTIFICATES = Codec(messages.CheckpointCertificate)
REFUSALS: tuple[str, ...] = tuple(dict.fromkeys((*Refusal, *ChainRefusal)))


def open_instance(me: ReplicaId, committee: Committee, height: Height, _parameters: Any) -> Subset:
    """The agreement on a height."""
    return open_subset(me, committee, height)


def tell(subset: Subset) -> Standing:
    """What a height waits for: of the open agreements, the first in the order of the committee."""
    committee = subset.committee
    running = [one for _, one in sorted(subset.agreements.items()) if one.decided is None]
    begun = [one for one in running if one.round]
    if begun:
        first = begun[0]
        kind = "ballots" if first.is_balloting else "reports"
        heard = first.current.ballots if first.is_balloting else first.current.reports
        return Standing(AGREEING, first.round, kind, first.awaited, tuple(sorted(heard)))
    if running or len(subset.agreements) < committee.size:
        held = tuple(sorted(subset.shelf.values))
        return Standing(CARRYING, 0, "values", committee.size - committee.faults, held)
    return Standing(COLLECTING, 0, "values", 1, ())


FAMILY = Family("benor", open_instance, tell, proves=False)


def create(me: ReplicaId | None, committee: Committee, parameters: Any) -> chaining.Chained:
    """A replica before its first event; `me` is None for a follower."""
    return chaining.create(FAMILY, me, committee, parameters)


def judge_certificate(certificate: Any, committee: Committee) -> tuple[Height, bytes] | None:
    """The height and block id that a majority signed."""
    return checkpoint.judge_certificate(certificate, committee, committee.majority)
