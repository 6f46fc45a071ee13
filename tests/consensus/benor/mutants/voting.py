"""Bugs of Ben-Or's agreement, of the broadcast, and of the subset."""

from collections.abc import Iterator
from typing import Any

from consensus.agreement import AgreementEffect
from consensus.benor import agreement, broadcast, subset
from consensus.benor.agreement import BenOr, begin_round, decide, toss
from consensus.benor.broadcast import Shelf
from consensus.benor.messages import OPEN
from consensus.benor.subset import Subset
from consensus.committee import ReplicaId
from consensus.effects import Persist
from consensus.simulation.request import Request
from tests.consensus.mutants.hunting import ENGINE_ERROR
from tests.consensus.mutants.planting import Ground, Mutant

THREE = Request(engine="benor", nodes=3)
"""The smallest crowd that stands a crash, and every fault that storms know."""
SPLITS = ("agreement", "uniform-agreement", "prefix", "durability", ENGINE_ERROR)
"""Two members order different values, or a member notices that two values had a majority."""
STUCK = ("bounded-progress",)


def find_shelf(participant: Subset) -> Shelf:
    """The values of members that crash."""
    assert isinstance(participant.shelf, Shelf)
    return participant.shelf


def vote_plurality(ground: Ground) -> None:
    """The chapter's rule: the commoner value, although no majority reported it."""

    def count(_benor: BenOr, reports: list[int]) -> int:
        return int(2 * sum(reports) > len(reports))

    ground.swap(agreement.count_reports, count)


def toss_despite_ballots(ground: Ground) -> None:
    """The chapter's other rule: whoever does not decide tosses, although it saw a ballot."""

    def end(benor: BenOr, ballots: list[int]) -> Iterator[AgreementEffect]:
        for value in (0, 1):
            if ballots.count(value) > benor.committee.faults:
                benor.value = value
                return decide(benor, value)
        return toss(benor)

    ground.swap(agreement.end_round, end)


def decide_on_one_ballot(ground: Ground) -> None:
    """One ballot decides, and not f + 1."""

    def end(benor: BenOr, ballots: list[int]) -> Iterator[AgreementEffect]:
        found = [value for value in ballots if value != OPEN]
        return decide(benor, found[0]) if found else toss(benor)

    ground.swap(agreement.end_round, end)


def adopt_never(ground: Ground) -> None:
    """Whoever saw too few ballots keeps what it held."""

    def end(benor: BenOr, ballots: list[int]) -> Iterator[AgreementEffect]:
        found = [value for value in ballots if value != OPEN]
        if not found:
            return toss(benor)
        is_enough = len(found) > benor.committee.faults
        return decide(benor, found[0]) if is_enough else begin_round(benor)

    ground.swap(agreement.end_round, end)


def wait_for_all(ground: Ground) -> None:
    """A phase ends with the votes of all members, and a crash ends all phases."""
    ground.put(BenOr, "awaited", property(lambda benor: benor.committee.size))


def order_by_arrival(ground: Ground) -> None:
    """The chosen values in the order in which they came here."""

    def order(participant: Subset, chosen: list[ReplicaId]) -> tuple[bytes, ...]:
        values = find_shelf(participant).values
        return tuple(value for author, value in values.items() if author in chosen)

    ground.swap(subset.order, order)


def put_oneself_first(ground: Ground) -> None:
    """Each member takes its own value first."""

    def order(participant: Subset, chosen: list[ReplicaId]) -> tuple[bytes, ...]:
        ordered = sorted(chosen, key=lambda author: author != participant.me)
        return tuple(find_shelf(participant).values[author] for author in ordered)

    ground.swap(subset.order, order)


def order_all_that_is_held(ground: Ground) -> None:
    """What members say about a value does not matter: what is here is ordered."""

    def order(participant: Subset, _chosen: list[ReplicaId]) -> tuple[bytes, ...]:
        return tuple(value for _, value in sorted(find_shelf(participant).values.items()))

    ground.swap(subset.order, order)


def never_say_zero(ground: Ground) -> None:
    """Everybody waits for the values of those who are down."""
    ground.put(subset, "OUT", b"")


def say_one_to_all(ground: Ground) -> None:
    """The last values are let in unseen, and may be nowhere."""
    ground.put(subset, "OUT", subset.IN)


def say_zero_at_once(ground: Ground) -> None:
    """A value that was delivered is spoken against."""
    ground.put(subset, "IN", subset.OUT)


def never_relay(ground: Ground) -> None:
    """A value is held without a word, so nobody knows of f + 1 holders."""

    def hold(shelf: Shelf, carried: Any) -> Iterator[AgreementEffect]:
        is_new = carried.author not in shelf.values
        shelf.values.setdefault(carried.author, carried.value)
        return iter((Persist(carried),) if is_new else ())

    ground.put(broadcast, "carry", hold)


def begin_again(ground: Ground) -> None:
    """A restart reads nothing of what it wrote, and votes anew."""

    def restore(_subset: Subset, records: tuple[object, ...]) -> Iterator[AgreementEffect]:
        assert isinstance(records, tuple)
        return iter(())

    ground.put(subset, "restore", restore)


MUTANTS = (
    Mutant("benor-plurality", "the commoner report makes a ballot", SPLITS, vote_plurality, THREE),
    Mutant("benor-tosses-anyway", "a ballot is not adopted", SPLITS, toss_despite_ballots, THREE),
    Mutant("benor-one-ballot", "one ballot decides", SPLITS, decide_on_one_ballot, THREE),
    Mutant("benor-adopts-never", "a ballot is not adopted, nor tossed", SPLITS, adopt_never, THREE),
    Mutant(
        "benor-waits-for-all",
        "a phase ends with n votes",
        STUCK,
        wait_for_all,
        THREE,
    ),
    Mutant("benor-orders-by-arrival", "no common order", SPLITS, order_by_arrival, THREE),
    Mutant("benor-puts-itself-first", "no common order", SPLITS, put_oneself_first, THREE),
    Mutant(
        "benor-orders-all-held", "the votes do not count", SPLITS, order_all_that_is_held, THREE
    ),
    Mutant("benor-never-says-zero", "the dead are waited for", STUCK, never_say_zero, THREE),
    Mutant("benor-says-one-to-all", "values unseen are let in", STUCK, say_one_to_all, THREE),
    Mutant("benor-says-zero", "what is delivered is left out", STUCK, say_zero_at_once, THREE),
    Mutant("benor-never-relays", "holders say nothing", STUCK, never_relay, THREE),
    Mutant("benor-begins-again", "a restart reads nothing", SPLITS, begin_again, THREE),
)
