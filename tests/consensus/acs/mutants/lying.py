"""Bugs of the reliable broadcast, of the agreement with a common coin, and of the subset above them."""

from collections.abc import Iterator

from consensus.agreement import AgreementEffect, Decided
from consensus.benor import bracha, mmr, subset
from consensus.benor.bracha import Forum, Topic
from consensus.benor.messages import Ready
from consensus.benor.mmr import Mmr
from consensus.benor.subset import Subset
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Persist
from consensus.message import Digest
from consensus.simulation.request import Request
from tests.consensus.benor.mutants import voting as benor
from tests.consensus.mutants.hunting import ENGINE_ERROR
from tests.consensus.mutants.planting import Ground, Mutant

FOUR = Request(engine="acs", nodes=4, duration_ms=1_500)
"""The smallest crowd that stands a liar; a height takes many messages, so short storms."""
SPLITS = (
    "agreement",
    "prefix",
    "durability",
    "no-divergence",
    "validity",
    "one-vote",
    ENGINE_ERROR,
)
"""Two correct members order different values, or what nobody found valid."""
STUCK = ("bounded-progress", *SPLITS)


def wait_for_all(ground: Ground) -> None:
    """A step ends with the words of all members, and a silent liar ends all steps."""
    ground.put(Committee, "awaited", property(lambda committee: committee.size))


def accept_what_a_liar_says(ground: Ground) -> None:
    """One word is enough for a value to be accepted, settled, and delivered."""
    ground.put(Committee, "lasting_quorum", property(lambda _committee: 1))


def settle_and_leave(ground: Ground) -> None:
    """Who has decided says no more, although others need its words."""

    def decide_and_halt(participant: Mmr, value: int) -> Iterator[AgreementEffect]:
        participant.decided, participant.has_halted = value, True
        yield Decided((bytes([value]),))

    ground.swap(mmr.decide, decide_and_halt)


def back_nobody(ground: Ground) -> None:
    """A value that correct members hold is not backed by those that hold the other."""

    def relay(_participant: Mmr) -> Iterator[AgreementEffect]:
        return iter(())

    ground.swap(mmr.relay, relay)


def deliver_what_was_shown(ground: Ground) -> None:
    """The author's word is enough, whatever it shows to others."""

    def advance(forum: Forum, author: ReplicaId, digest: Digest) -> Iterator[AgreementEffect]:
        topic = forum.topics[author]
        if topic.shown == digest and topic.has_echoed:
            topic.delivered = digest
        return iter(())

    ground.put(bracha, "advance", advance)


def never_join_the_ready(ground: Ground) -> None:
    """Only a quorum of echoes makes ready, and an echo that a liar sent elsewhere is missing."""

    def advance(forum: Forum, author: ReplicaId, digest: Digest) -> Iterator[AgreementEffect]:
        topic: Topic = forum.topics[author]
        echoes = list(topic.echoes.values()).count(digest)
        if echoes >= forum.committee.size and not topic.is_ready:
            topic.is_ready = True
            yield Persist(Ready(author, digest))
            yield Broadcast(Ready(author, digest))
        readies = list(topic.readies.values()).count(digest)
        if readies >= forum.committee.lasting_quorum and digest in topic.values:
            topic.delivered = digest

    ground.put(bracha, "advance", advance)


def order_by_arrival(ground: Ground) -> None:
    """The chosen values in the order in which word of them came here."""

    def order(participant: Subset, chosen: list[ReplicaId]) -> tuple[bytes, ...]:
        shelf = participant.shelf
        assert isinstance(shelf, Forum)
        values = [shelf.find(author) for author in shelf.topics if author in chosen]
        return tuple(value for value in values if value is not None)

    ground.swap(subset.order, order)


def put_oneself_first(ground: Ground) -> None:
    """Each member takes its own value first."""

    def order(participant: Subset, chosen: list[ReplicaId]) -> tuple[bytes, ...]:
        ordered = sorted(chosen, key=lambda author: author != participant.me)
        values = map(participant.shelf.find, ordered)
        return tuple(value for value in values if value is not None)

    ground.swap(subset.order, order)


MUTANTS = (
    Mutant("acs-waits-for-all", "a step ends with n words", STUCK, wait_for_all, FOUR),
    Mutant("acs-accepts-one", "one word is enough", STUCK, accept_what_a_liar_says, FOUR),
    Mutant("acs-leaves", "who decided falls silent", STUCK, settle_and_leave, FOUR),
    Mutant("acs-backs-nobody", "no value is relayed", STUCK, back_nobody, FOUR),
    Mutant("acs-delivers-at-once", "an author may lie", STUCK, deliver_what_was_shown, FOUR),
    Mutant("acs-joins-nobody", "all have to echo", STUCK, never_join_the_ready, FOUR),
    Mutant("acs-orders-by-arrival", "no common order", STUCK, order_by_arrival, FOUR),
    Mutant("acs-puts-itself-first", "no common order", STUCK, put_oneself_first, FOUR),
    Mutant("acs-never-says-zero", "the silent are waited for", STUCK, benor.never_say_zero, FOUR),
    Mutant("acs-says-zero", "what is delivered is left out", STUCK, benor.say_zero_at_once, FOUR),
    Mutant("acs-begins-again", "a restart reads nothing", STUCK, benor.begin_again, FOUR),
)
