"""The asynchronous ledger engine: a common subset of the members' batches at every height.

Model: asynchronous, fair-lossy links, members that crash and come back. Bound: n > 2f. Nobody leads
and no timer bears on progress, so no slow member and no false suspicion holds the chain up; what it
costs is O(n^3) messages a height, and that members pack the same work more than once.

`subset` decides a height, `consensus.chaining` makes a chain of heights.
"""

from typing import Any

from consensus.benor.messages import Carried, Kept, Vote
from consensus.benor.refusals import Refusal
from consensus.benor.standing import tell
from consensus.benor.subset import Kind, Subset, open_subset
from consensus.chaining import checkpoint, messages
from consensus.chaining import engine as chaining
from consensus.chaining.family import Family
from consensus.chaining.refusals import Refusal as ChainRefusal
from consensus.committee import Committee, ReplicaId
from consensus.message import Codec, Height, Signed

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


def open_instance(me: ReplicaId, committee: Committee, height: Height, parameters: Any) -> Subset:
    """The agreement on a height."""
    kind = Kind.COMMON if parameters.common_coin else Kind.LOCAL
    return open_subset(me, committee, height, kind)


FAMILY = Family("benor", open_instance, tell, proves=False)


def create(me: ReplicaId | None, committee: Committee, parameters: Any) -> chaining.Chained:
    """A replica before its first event; `me` is None for a follower."""
    return chaining.create(FAMILY, me, committee, parameters)


def judge_certificate(certificate: Any, committee: Committee) -> tuple[Height, bytes] | None:
    """The height and block id that a majority signed."""
    return checkpoint.judge_certificate(certificate, committee, committee.majority)
