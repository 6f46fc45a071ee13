"""A message on its way."""

from typing import Any, NamedTuple

from consensus.committee import ReplicaId


class Parcel(NamedTuple):
    """A message as it was put on links; all its copies are this one object.

    `origin` is the address it came from, `sender` the replica that the links vouch for. `depth` is
    its causal depth: one more than the greatest depth of what its sender had received.
    """

    origin: int
    sender: ReplicaId
    message: Any
    number: int
    depth: int
