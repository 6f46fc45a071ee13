"""What synchronous agreements say in a round."""

from typing import Annotated

from msgspec import Meta

from consensus.message import DIGEST_SIZE_BYTES, Message, Signed

Natural = Annotated[int, Meta(ge=0)]
Hash = Annotated[bytes, Meta(min_length=DIGEST_SIZE_BYTES, max_length=DIGEST_SIZE_BYTES)]


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
"""All that algorithms say in rounds."""


class Report(Message, tag="lockstep-report", frozen=True):
    """The sender's agreement came to the value with this digest."""

    digest: Hash


class Confirm(Message, tag="lockstep-confirm", frozen=True):
    """The sender heard n - f reports of this digest, and is bound to its value."""

    digest: Hash


class Said(Message, tag="lockstep-said", frozen=True):
    """What the sender says in a round of a slot; nothing is said too, for silence means a crash.

    `last`: it says no more in this slot, and is not missed.
    """

    slot: Natural
    height: Natural
    in_round: Annotated[int, Meta(ge=1)]
    last: bool
    body: Flood | Report | Confirm | None


class Spoken(Message, tag="lockstep-spoken", frozen=True):
    """The same of a single agreement, whatever the algorithm."""

    in_round: Annotated[int, Meta(ge=1)]
    last: bool
    body: Body | None


class Participating(Message, tag="lockstep-participating", frozen=True):
    """In the journal of a single agreement, before its first round."""


class Bound(Message, tag="lockstep-bound", frozen=True):
    """In the journal, before a confirmation: in this slot the writer was bound to a value."""

    height: Natural
    slot: Natural
    value: bytes
