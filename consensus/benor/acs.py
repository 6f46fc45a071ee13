"""The asynchronous ledger engine where members lie: a common subset of their batches at every height.

Model: asynchronous, fair-lossy links, members that lie, others that crash and come back. Bound: n > 3f.
Source: Ben-Or, Kelmer and Rabin 1994; Miller et al. 2016 (HoneyBadger) for ledgers. Nobody leads and no
timer bears on progress, so neither a slow member nor a liar holds the chain up, and nobody chooses
alone whose work is ordered: at least n - 2f batches of a height come from correct members. It costs
O(n^3) messages a height, and a common coin.

What it takes beyond `benor`: a value is echoed by those alone whose host finds it valid and holds what
belongs to it (V4); and f + 1 members sign what a height came to, so that others can believe it.

A liar can begin a height when nobody has work, and so bring about empty ones; it cannot keep a height
from ending.
"""

from typing import Any

from consensus.benor.messages import Echo, Kept, Ready, Shown, Vote
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
    messages.At[Shown | Echo | Ready | Vote]
    | messages.Lack
    | messages.Learned
    | Signed[messages.Outcome | messages.Checkpoint]
    | messages.CheckpointCertificate
)
RECORDS = Codec(
    messages.Noted[Shown | Echo | Ready | Kept]
    | messages.Given
    | messages.Begun
    | messages.Lost
    | messages.CheckpointCertificate
)
SEALS = Codec(messages.Attestation)
CERTIFICATES = Codec(messages.CheckpointCertificate)
REFUSALS: tuple[str, ...] = tuple(dict.fromkeys((*Refusal, *ChainRefusal)))


def open_instance(me: ReplicaId, committee: Committee, height: Height, _parameters: Any) -> Subset:
    """The agreement on a height."""
    return open_subset(me, committee, height, Kind.LYING)


FAMILY = Family("acs", open_instance, tell, proves=True)


def create(me: ReplicaId | None, committee: Committee, parameters: Any) -> chaining.Chained:
    """A replica before its first event; `me` is None for a follower."""
    return chaining.create(FAMILY, me, committee, parameters)


def judge_certificate(certificate: Any, committee: Committee) -> tuple[Height, bytes] | None:
    """The height and block id that a quorum signed."""
    return checkpoint.judge_certificate(certificate, committee, committee.quorum)
