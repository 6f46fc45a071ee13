"""Which record has to be in the journal before which message of a common subset may leave."""

from typing import Any

from consensus.benor.messages import (
    Ballot,
    Carried,
    Echo,
    Kept,
    Opinion,
    Ready,
    Report,
    Settled,
    Shown,
    Vote,
    Word,
)
from consensus.chaining.messages import At, Noted


def is_covered(message: Any, records: tuple[Any, ...]) -> bool:
    """Would a restart from these records know that the message was said."""
    match message:
        case At(height, Carried() | Shown() | Echo() | Ready() as said):
            return Noted(height, said) in records
        case At(height, Vote(author, vote)):
            written = [
                record.record.record
                for record in records
                if isinstance(record, Noted) and record.height == height
                if isinstance(record.record, Kept) and record.record.author == author
            ]
            return vote in written or any(follows(vote, word) for word in written)
    return True


def follows(vote: Opinion, word: object) -> bool:
    """Is this what a member says that has decided: that it has, or its last votes."""
    match vote:
        case Settled():
            return isinstance(word, Word) and vote.value == word.value
        case Report() | Ballot():
            return isinstance(word, Word) and (vote.round, vote.value) == (
                word.round + 1,
                word.value,
            )
        case _:
            return False
