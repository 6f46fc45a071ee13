"""Which record has to be in the journal before which Multi-Paxos message may leave."""

from typing import Any

from consensus.paxos.ballot import Ballot
from consensus.paxos.messages import Accepted, Alive, Entry, Prepare, Promise, Promised, Support


def is_covered(message: Any, records: tuple[Any, ...]) -> bool:
    """Would a restart from these records know that the message was said.

    What was accepted may be written nowhere if its height is decided: then its value is chosen.
    """
    match message:
        case Prepare(ballot) | Promise(ballot):
            return has_promised(ballot, records) and has_entries(message, records)
        case Accepted(ballot, height):
            return has_accepted(ballot, height, records)
        case Alive() | Support():
            return True
    return True


def has_promised(ballot: Ballot, records: tuple[Any, ...]) -> bool:
    """Would a restarted acceptor refuse whatever is lower."""
    return any(isinstance(r, Promised | Entry) and r.ballot >= ballot for r in records)


def has_entries(message: Prepare | Promise, records: tuple[Any, ...]) -> bool:
    """Are the entries that a promise names written down."""
    return isinstance(message, Prepare) or set(message.entries) <= set(records)


def has_accepted(ballot: Ballot, height: int, records: tuple[Any, ...]) -> bool:
    """Is the accepted value of this ballot or a later one written down, or the height decided."""
    accepted = [r for r in records if isinstance(r, Entry) and r.height == height]
    return not accepted or max(r.ballot for r in accepted) >= ballot
