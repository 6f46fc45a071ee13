"""Rounds of Ben-Or's agreement counted from elsewhere: what makes its configurations finite.

No rule looks at a round's number but to compare it with another, so a configuration all of whose
rounds are k higher does the same, k higher. With coins from a tape this needs k to be a multiple of
the tape's period. What `tidy` takes away is never looked at again, so both are exact.
"""

from typing import Any

from consensus.benor.agreement import BenOr
from consensus.benor.messages import Ballot, Report


def find_round(benor: BenOr) -> int | None:
    """The round that a participant is in; None once it has its final word and does no more."""
    return None if benor.has_halted else benor.round


def tidy(benor: BenOr) -> None:
    """Forget what no later step reads, and whose votes were heard.

    The latter is for links that repeat nothing: they bring no second vote of anybody.
    """
    forget(benor)
    for votes in benor.votes.values():
        for phase in (votes.reports, votes.ballots):
            heard = sorted(phase.values())
            phase.clear()
            phase.update((-1 - at, value) for at, value in enumerate(heard))


def forget(benor: BenOr) -> None:
    """Forget the value while a phase is under way that replaces it, and all of a member that halted."""
    if benor.has_halted:
        benor.votes, benor.round, benor.value, benor.is_balloting = {}, 0, None, False
    elif benor.is_balloting:
        benor.value = None


def lower(benor: BenOr, by: int) -> None:
    """Count this participant's rounds from `by` rounds later."""
    if not benor.has_halted:
        benor.round -= by
        benor.votes = {round_ - by: votes for round_, votes in benor.votes.items()}


def lower_message(message: Any, by: int) -> Any:
    """The same message, of a round that is `by` less."""
    assert isinstance(message, Report | Ballot)
    return type(message)(message.round - by, message.value)
