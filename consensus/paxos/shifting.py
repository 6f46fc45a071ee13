"""Ballots of single-decree Paxos counted from elsewhere: what lets its configurations come back.

No rule looks at a ballot but to compare it with another, or to take the round above, so a
configuration all of whose ballots are k rounds higher does the same, k rounds higher. "No ballot yet"
stays what it is. What `tidy` takes away is never looked at again where nobody restarts and no link
repeats anything, so both are exact.
"""

from typing import Any

import msgspec

from consensus.paxos.ballot import NO_BALLOT, Ballot
from consensus.paxos.messages import Accept, Accepted, Nack, Prepare, Promise
from consensus.paxos.single import Acceptor, Proposer, SinglePaxos


def find_round(paxos: SinglePaxos) -> int | None:
    """The round that a proposer stands in, from 1; None for who proposes nothing, or no more."""
    if paxos.learner.outcome is not None or paxos.proposer.wish is None:
        return None
    return paxos.proposer.ballot.round + 1


def is_stale(paxos: SinglePaxos, message: Any) -> bool:
    """An answer to an attempt that is over, or anything but a question to who knows the outcome."""
    if isinstance(message, Prepare | Accept):
        return False
    if paxos.learner.outcome is not None:
        return True
    proposer = paxos.proposer
    match message:
        case Promise():
            return message.ballot != proposer.ballot or proposer.value is not None
        case Accepted() | Nack():
            return message.ballot != proposer.ballot
        case _:
            return False


def tidy(paxos: SinglePaxos) -> None:
    """Forget what no later step reads; how often an attempt failed only says how long to wait."""
    proposer, acceptor = paxos.proposer, paxos.acceptor
    if paxos.learner.outcome is not None:
        paxos.proposer, paxos.acceptor = Proposer(), Acceptor()
        return
    proposer.failures = 0
    if proposer.seen <= acceptor.promised:
        proposer.seen = NO_BALLOT
    if proposer.value is not None:
        proposer.promises.clear()


def lower(paxos: SinglePaxos, by: int) -> None:
    """Count this participant's ballots from `by` rounds later."""
    proposer, acceptor = paxos.proposer, paxos.acceptor
    proposer.ballot = lower_ballots(proposer.ballot, by)
    proposer.seen = lower_ballots(proposer.seen, by)
    proposer.promises = {
        sender: lower_ballots(promise, by) for sender, promise in proposer.promises.items()
    }
    acceptor.promised = lower_ballots(acceptor.promised, by)
    acceptor.accepted = lower_ballots(acceptor.accepted, by)
    paxos.learner.outcome = lower_ballots(paxos.learner.outcome, by)


def lower_ballots(value: Any, by: int) -> Any:
    """The same message, or part of one, with every ballot in it `by` rounds lower."""
    if isinstance(value, Ballot):
        return value if value == NO_BALLOT else Ballot(value.round - by, value.proposer)
    if isinstance(value, tuple):
        return tuple(lower_ballots(item, by) for item in value)
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        return type(value)(**{name: lower_ballots(item, by) for name, item in fields.items()})
    return value


def is_spent(proposer: SinglePaxos, acceptor: SinglePaxos, message: Any) -> bool:
    """A question of an attempt that is over, and whose only answer would be a refusal of it."""
    return (
        isinstance(message, Prepare | Accept)
        and acceptor.learner.outcome is None
        and message.ballot < acceptor.acceptor.promised
        and message.ballot < proposer.proposer.ballot
    )
