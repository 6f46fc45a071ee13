"""What a height of the common subset is doing, for people."""

from consensus.benor.agreement import BenOr
from consensus.benor.mmr import Mmr, Stage
from consensus.benor.subset import Subset
from consensus.chaining.family import Standing
from consensus.committee import ReplicaId

CARRYING, AGREEING, COLLECTING = "carrying", "agreeing", "collecting"
PHASES: tuple[str, ...] = (CARRYING, AGREEING, COLLECTING)
"""A height's values are brought in; agreements run; all have ended but a value is not here."""


def tell(subset: Subset) -> Standing:
    """What a height waits for: of the open agreements, the first in the order of the committee."""
    committee = subset.committee
    running = [one for _, one in sorted(subset.agreements.items()) if one.decided is None]
    begun = [one for one in running if one.round]
    if begun:
        waiting_for, heard = find_voices(begun[0])
        voices = tuple(sorted(heard))
        return Standing(AGREEING, begun[0].round, waiting_for, committee.awaited, voices)
    if running or len(subset.agreements) < committee.size:
        held = subset.shelf.list_held()
        return Standing(CARRYING, 0, "values", committee.awaited, held)
    return Standing(COLLECTING, 0, "values", 1, ())


def find_voices(agreement: BenOr | Mmr) -> tuple[str, set[ReplicaId]]:
    """What the step of an agreement waits for, and who has said it."""
    match agreement:
        case BenOr(is_tossing=True) | Mmr(is_tossing=True):
            return "coin", set()
        case BenOr(is_balloting=True):
            return "ballots", set(agreement.current.ballots)
        case BenOr():
            return "reports", set(agreement.current.reports)
        case Mmr():
            return find_words(agreement.stages.get(agreement.round, Stage()))


def find_words(stage: Stage) -> tuple[str, set[ReplicaId]]:
    """The same of one round where members lie."""
    if stage.has_confirmed:
        return "confirmations", set(stage.confirmed)
    if stage.has_seen:
        return "sightings", set(stage.seen)
    return "backers", {who for backers in stage.backers.values() for who in backers}
