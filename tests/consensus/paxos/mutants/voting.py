"""Bugs of proposers, acceptors and learners."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from consensus.committee import Committee, ReplicaId
from consensus.effects import Effect, Send
from consensus.message import Height
from consensus.paxos import (
    acceptor,
    ballot,
    election,
    learner,
    quorums,
)
from consensus.paxos.ballot import Ballot
from consensus.paxos.messages import Accept, Entry, Prepare, Promise
from consensus.paxos.refusals import Refusal
from consensus.paxos.replica import Phase, Replica, Role, Slot
from tests.consensus.mutants.planting import Ground, Mutant, Plant
from tests.consensus.paxos.mutants.storms import FIVE, SPLITS, STALE, THREE, USURPED


def take_greatest_value(ground: Ground) -> None:
    """The chapter's rule: the greatest value among the promises."""

    def choose(entries: Sequence[Entry]) -> dict[Height, Entry]:
        return {e.height: e for e in sorted(entries, key=lambda e: e.value)}

    ground.swap(quorums.choose_entries, choose)


def take_lowest_ballot(ground: Ground) -> None:
    """The value of the lowest ballot among the promises."""

    def choose(entries: Sequence[Entry]) -> dict[Height, Entry]:
        return {e.height: e for e in sorted(entries, key=lambda e: e.ballot, reverse=True)}

    ground.swap(quorums.choose_entries, choose)


def take_nothing_over(ground: Ground) -> None:
    """A new leader fills all heights with nulls up to the last accepted one."""

    def choose(entries: Sequence[Entry]) -> dict[Height, Entry]:
        return {e.height: Entry(e.ballot, e.height, b"") for e in entries}

    ground.swap(quorums.choose_entries, choose)


def cut_imposed_short(ground: Ground) -> None:
    """Only the first height that phase 1 has found is proposed again."""

    def choose(entries: Sequence[Entry]) -> dict[Height, Entry]:
        found = choose_all(entries)
        return dict(sorted(found.items())[:1])

    def count_nothing(*_arguments: Any) -> None:
        """There is less to count."""

    choose_all = quorums.choose_entries
    ground.swap(choose_all, choose)
    ground.swap(election.count_found, count_nothing)


def share_ballots(ground: Ground) -> None:
    """All proposers use the same ballots: equal rounds are not told apart."""

    def compute_next(seen: Ballot, _proposer: ReplicaId) -> Ballot:
        return Ballot(seen.round + 1, 0)

    def refuse(replica: Replica, _sender: ReplicaId, number: Ballot) -> Refusal | None:
        return Refusal.STALE_BALLOT if number < replica.bar else None

    on_canvass, on_prepare, on_accept = (
        election.on_canvass,
        acceptor.on_prepare,
        acceptor.on_accept,
    )

    def answer_to(handler: Callable[..., Iterator[Effect]]) -> Callable[..., Iterator[Effect]]:
        def redirect(replica: Replica, sender: ReplicaId, message: Any) -> Iterator[Effect]:
            given = message.ballot.proposer if handler is on_canvass else sender
            for effect in handler(replica, given, message):
                is_answer = isinstance(effect, Send)
                yield Send(sender, effect.message) if is_answer else effect  # type: ignore[union-attr]

        redirect.__name__ = handler.__name__
        return redirect

    ground.swap(ballot.compute_next_ballot, compute_next)
    ground.swap(acceptor.refuse_ballot, refuse)
    for handler in (on_canvass, on_prepare, on_accept):
        ground.swap(handler, answer_to(handler))


def accept_lower(ground: Ground) -> None:
    """An acceptor accepts what is below its promise."""
    on_accept = acceptor.on_accept

    def accept_any(replica: Replica, sender: ReplicaId, accept: Accept) -> Iterator[Effect]:
        if accept.ballot < replica.bar and replica.is_voting and not replica.is_leading:
            replica.promised, replica.leader = accept.ballot, None
        return on_accept(replica, sender, accept)

    ground.swap(on_accept, accept_any)


def change_majority(compute: Callable[[Committee], int]) -> Plant:
    """Another number of voices is enough."""

    def plant(ground: Ground) -> None:
        ground.put(Committee, "majority", property(compute))

    return plant


def learn_any_ballot(ground: Ground) -> None:
    """A learner takes whatever it remembers as proposed for what was chosen."""

    def learn(replica: Replica, number: Ballot, chosen: Height) -> Iterator[Effect]:
        if number != replica.leader:
            return
        replica.chosen = max(replica.chosen, chosen)
        for height in range(replica.decided + 1, min(replica.chosen, replica.ceiling) + 1):
            slot = replica.slots.get(height)
            if slot and slot.outcome is None and slot.proposal:
                yield from learner.choose(replica, height, slot)

    ground.swap(learner.learn, learn)


def vote_without_memory(ground: Ground) -> None:
    """A member whose journal was lost goes on voting."""

    def is_voting(self: Replica) -> bool:
        return self.role in {Role.VOTER, Role.OBSERVER}

    ground.put(Replica, "is_voting", property(is_voting))


def lead_at_once(ground: Ground) -> None:
    """Who has a majority's support leads without having heard what was accepted."""
    on_support = election.on_support

    def skip_phase_1(replica: Replica, sender: ReplicaId, support: Any) -> Iterator[Effect]:
        yield from on_support(replica, sender, support)
        if replica.phase is Phase.PREPARING:
            replica.promises = {sender: Promise(replica.candidate, replica.decided, ())}
            yield from election.lead(replica)

    ground.swap(on_support, skip_phase_1)


def hide_entries(ground: Ground) -> None:
    """A promise names nothing that was accepted but what its acceptor has accepted last."""
    promise = acceptor.promise

    def tell_less(replica: Replica, sender: ReplicaId, prepare: Prepare) -> Iterator[Effect]:
        for effect in promise(replica, sender, prepare):
            if isinstance(effect, Send):
                message = effect.message
                kept = Promise(message.ballot, message.decided, message.entries[-1:])
                yield Send(effect.to, kept)
            else:
                yield effect

    ground.swap(promise, tell_less)


def decide_unordered(ground: Ground) -> None:
    """A height is decided as soon as it is chosen, whatever lies below."""
    deliver = learner.deliver

    def deliver_any(replica: Replica) -> Iterator[Effect]:
        for height, slot in sorted(replica.slots.items()):
            if height > replica.decided and is_ready(slot):
                replica.decided = height - 1
                assert slot.outcome is not None
                yield from learner.decide(replica, height, slot, slot.outcome)
                return

    def is_ready(slot: Slot) -> bool:
        return slot.outcome is not None and slot.is_stored(slot.outcome.digest)

    ground.swap(deliver, deliver_any)


MUTANTS = (
    Mutant(
        "paxos-lowest-ballot",
        "a new leader takes the value of the lowest ballot",
        (*SPLITS, *STALE),
        take_lowest_ballot,
        USURPED,
    ),
    Mutant(
        "paxos-null-over-accepted",
        "a new leader fills with nulls also where something was accepted",
        (*SPLITS, *STALE),
        take_nothing_over,
        THREE,
    ),
    Mutant(
        "paxos-imposes-too-little",
        "a new leader takes over the first open height only",
        (*SPLITS, *STALE),
        cut_imposed_short,
        THREE,
    ),
    Mutant(
        "paxos-shares-ballots",
        "two proposers may use one ballot",
        (*SPLITS, *STALE, "engine-error"),
        share_ballots,
        THREE,
    ),
    Mutant(
        "paxos-accepts-lower",
        "an acceptor accepts a proposal below its promise",
        (*SPLITS, *STALE),
        accept_lower,
        USURPED,
    ),
    Mutant(
        "paxos-majority-one-less",
        "one voice less than a majority is enough",
        (*SPLITS, *STALE),
        change_majority(lambda committee: committee.size // 2),
        THREE,
    ),
    Mutant(
        "paxos-learns-any-ballot",
        "a learner takes a proposal of another ballot for the one that was chosen",
        (*SPLITS, *STALE),
        learn_any_ballot,
        FIVE,
    ),
    Mutant(
        "paxos-observer-votes",
        "a member whose journal was lost goes on voting",
        (*SPLITS, *STALE),
        vote_without_memory,
        THREE,
    ),
    Mutant(
        "paxos-skips-phase-1",
        "a new leader does not wait for promises",
        (*SPLITS, *STALE),
        lead_at_once,
        THREE,
    ),
    Mutant(
        "paxos-hides-entries",
        "a promise names only the last accepted height",
        (*SPLITS, *STALE),
        hide_entries,
        THREE,
    ),
    Mutant(
        "paxos-decides-out-of-order",
        "a height is decided before the one below it",
        ("integrity", *SPLITS),
        decide_unordered,
        THREE,
    ),
)
