"""What participants of Ben-Or's agreement say, and write down."""

from typing import Annotated

from msgspec import Meta

from consensus.committee import ReplicaId
from consensus.message import Message

Bit = Annotated[int, Meta(ge=0, le=1)]
Round = Annotated[int, Meta(ge=1)]
OPEN = 2
"""The `?` of the second phase: no value had a majority."""


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


class Vote(Message, tag="benor-vote", frozen=True):
    """About the value of `author`: is it in the common subset."""

    author: ReplicaId
    body: Report | Ballot


class Kept(Message, tag="benor-kept", frozen=True):
    """In the journal: what the agreement on the value of `author` wrote down."""

    author: ReplicaId
    record: Report | Ballot | Coin | Word
