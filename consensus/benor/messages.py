"""What participants of the randomised agreements and broadcasts say, and write down."""

from typing import Annotated, TypeAlias

from msgspec import Meta

from consensus.committee import ReplicaId
from consensus.message import DIGEST_SIZE_BYTES, Message

Bit = Annotated[int, Meta(ge=0, le=1)]
Round = Annotated[int, Meta(ge=1)]
Hash = Annotated[bytes, Meta(min_length=DIGEST_SIZE_BYTES, max_length=DIGEST_SIZE_BYTES)]
OPEN = 2
"""The `?` of the second phase: no value had a majority."""
BOTH = 2
"""In place of a value: both of them."""


class Report(Message, tag="benor-report", frozen=True):
    """Phase 1 of a round: what the sender holds."""

    round: Round
    value: Bit


class Ballot(Message, tag="benor-ballot", frozen=True):
    """Phase 2 of a round: the value that enough reports carried, or `OPEN`."""

    round: Round
    value: Annotated[int, Meta(ge=0, le=2)]


class Settled(Message, tag="benor-settled", frozen=True):
    """The sender has decided; said where members of later rounds need more than two last votes."""

    value: Bit


class Coin(Message, tag="benor-coin", frozen=True):
    """In the journal: what the coin of a round showed here."""

    round: Round
    face: Bit


class Word(Message, tag="benor-word", frozen=True):
    """In the journal: what was decided, in which round."""

    round: Round
    value: Bit


class Carried(Message, tag="benor-carried", frozen=True):
    """The sender holds the value of `author`; said by the author first, then by whoever hears it.

    In the journal: this member holds it.
    """

    author: ReplicaId
    value: bytes


class Shown(Message, tag="bracha-shown", frozen=True):
    """The sender's own value, to be broadcast reliably. In the journal: this member said so."""

    value: bytes


class Echo(Message, tag="bracha-echo", frozen=True):
    """The sender was shown this value by `author`, and it is valid. In the journal: it said so."""

    author: ReplicaId
    value: bytes


class Ready(Message, tag="bracha-ready", frozen=True):
    """No other value of `author` can be delivered. In the journal: this member said so."""

    author: ReplicaId
    digest: Hash


class Backed(Message, tag="mmr-backed", frozen=True):
    """Step 1 of a round: the sender holds this value, or a correct member does (BVAL)."""

    round: Round
    value: Bit


class Seen(Message, tag="mmr-seen", frozen=True):
    """Step 2: a value that is backed well enough here, the first one (AUX)."""

    round: Round
    value: Bit


class Confirmed(Message, tag="mmr-confirmed", frozen=True):
    """Step 3: all values that n - f members have seen (CONF)."""

    round: Round
    only: Annotated[int, Meta(ge=0, le=BOTH)]
    """The one value, or `BOTH`."""


Opinion: TypeAlias = Report | Ballot | Settled | Backed | Seen | Confirmed
Memo: TypeAlias = Report | Ballot | Coin | Word | Backed | Seen | Confirmed


class Vote(Message, tag="benor-vote", frozen=True):
    """About the value of `author`: is it in the common subset."""

    author: ReplicaId
    body: Opinion


class Kept(Message, tag="benor-kept", frozen=True):
    """In the journal: what the agreement on the value of `author` wrote down."""

    author: ReplicaId
    record: Memo
