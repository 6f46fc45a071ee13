"""What synchronous agreements say in a round."""

from typing import Annotated

from msgspec import Meta

from consensus.message import Message, Signed

Natural = Annotated[int, Meta(ge=0)]


class Pair(Message, tag="lockstep-pair", frozen=True):
    """A member's input, as it is handed on."""

    member: Natural
    value: bytes


class Flood(Message, tag="lockstep-flood", frozen=True):
    """The pairs that the sender has not said before; `early`: it decides at the end of this round."""

    pairs: tuple[Pair, ...]
    early: bool = False


class Estimate(Message, tag="lockstep-estimate", frozen=True):
    """The sender's present value."""

    value: bytes


class Proposal(Message, tag="lockstep-proposal", frozen=True):
    """The sender heard this value from n - f members."""

    value: bytes


class Branch(Message, tag="lockstep-branch", frozen=True):
    """What the sender heard the last member of `path` say of the one before, and so on; see `gathering`."""

    path: tuple[Natural, ...]
    value: bytes


class Gathered(Message, tag="lockstep-gathered", frozen=True):
    """All branches of one length."""

    branches: tuple[Branch, ...]


class Vouch(Message, tag="lockstep-vouch", frozen=True):
    """The signer has `value` from `origin`; `instance` tells one agreement from another."""

    instance: Natural
    origin: Natural
    value: bytes


class Vouched(Message, tag="lockstep-vouched", frozen=True):
    """The same word signed by several members, the origin among them."""

    votes: tuple[Signed[Vouch], ...]


class Relay(Message, tag="lockstep-relay", frozen=True):
    """What the sender has come to believe in the last round, with its own signature added."""

    vouched: tuple[Vouched, ...]


Body = Flood | Estimate | Proposal | Gathered | Relay
"""All that is said in rounds."""
