"""Bugs of what is written down, and of a host that forgets."""

from collections.abc import Callable, Iterator
from typing import Any

from consensus.effects import Effect, Persist
from consensus.paxos import engine, journal, restart
from consensus.paxos.ballot import NO_BALLOT, Ballot
from consensus.paxos.engine import MultiPaxos
from consensus.paxos.messages import Entry, Promised
from consensus.paxos.replica import Replica
from consensus.simulation.journal import Journal
from tests.consensus.mutants.planting import Ground, Mutant, Plant
from tests.consensus.paxos.mutants.storms import SPLITS, STALE, THREE, USURPED


def never_write(is_left_out: Callable[[Any], bool]) -> Plant:
    """The engine does not ask for some records to be written."""

    def plant(ground: Ground) -> None:
        react = MultiPaxos.react
        records = journal.durable_records

        def react_without(self: MultiPaxos, event: Any) -> Iterator[Effect]:
            for effect in react(self, event):
                if not (isinstance(effect, Persist) and is_left_out(effect.record)):
                    yield effect

        def shorten(replica: Replica) -> tuple[Any, ...]:
            return tuple(record for record in records(replica) if not is_left_out(record))

        ground.put(engine.MultiPaxos, "react", react_without)
        ground.swap(records, shorten)

    return plant


def forget_unapplied(ground: Ground) -> None:
    """The journal is rewritten without what is decided and not executed."""
    records = journal.durable_records

    def shorten(replica: Replica) -> tuple[Any, ...]:
        kept, replica.unapplied = replica.unapplied, {}
        try:
            return records(replica)
        finally:
            replica.unapplied = kept

    ground.swap(records, shorten)


def forget_undecided(ground: Ground) -> None:
    """The journal is rewritten without what is accepted and not decided."""
    records = journal.durable_records

    def shorten(replica: Replica) -> tuple[Any, ...]:
        above = replica.decided
        found = records(replica)
        return tuple(r for r in found if not (isinstance(r, Entry) and r.height > above))

    ground.swap(records, shorten)


def reuse_ballot(ground: Ground) -> None:
    """A restarted proposer forgets which rounds it has used, and stands for the last one again."""
    on_started = restart.on_started

    def start(replica: Replica, event: Any) -> Iterator[Effect]:
        yield from on_started(replica, event)
        own = replica.promised
        if event.records and own.proposer == replica.me and own > NO_BALLOT:
            replica.candidate, replica.leader = own, own
            replica.phase = type(replica.phase).LEADING
            replica.ordering.next_height = replica.decided + 1
            replica.ordering.requested = None

    ground.swap(on_started, start)


def vote_after_loss(ground: Ground) -> None:
    """A wiped disk looks like one that was never written."""
    wipe = Journal.wipe

    def forget_all(self: Journal) -> None:
        wipe(self)
        self.is_lost = False

    ground.put(Journal, "wipe", forget_all)


def open_first_again(ground: Ground) -> None:
    """Whoever starts takes it for the beginning of the network, in which nothing is promised."""
    start = journal.restore

    def restore_and_begin(replica: Replica, records: tuple[Any, ...]) -> None:
        start(replica, records)
        first = Ballot(0, replica.committee.members[0])
        if replica.me == first.proposer and replica.promised <= first:
            replica.leader = replica.candidate = first
            replica.phase = type(replica.phase).LEADING
            replica.ordering.next_height = replica.decided + 1

    ground.swap(start, restore_and_begin)


MUTANTS = (
    Mutant(
        "paxos-forgets-promise",
        "a promise is not written down, so a restarted acceptor accepts what it had ruled out",
        (*SPLITS, *STALE),
        never_write(lambda record: isinstance(record, Promised) and record.ballot.round > 0),
        USURPED,
    ),
    Mutant(
        "paxos-forgets-accepted",
        "an accepted value is not written down, so a restarted acceptor hides what may be chosen",
        (*SPLITS, *STALE),
        never_write(lambda record: isinstance(record, Entry)),
        THREE,
    ),
    Mutant(
        "paxos-rewrites-without-unapplied",
        "a shorter journal lacks what is decided and not executed, which a power failure undoes",
        (*SPLITS, *STALE),
        forget_unapplied,
        THREE,
    ),
    Mutant(
        "paxos-rewrites-without-accepted",
        "a shorter journal lacks what is accepted and not decided",
        (*SPLITS, *STALE),
        forget_undecided,
        THREE,
    ),
    Mutant(
        "paxos-reuses-ballot",
        "a restarted leader goes on in its old ballot, with other values",
        (*SPLITS, *STALE, "engine-error"),
        reuse_ballot,
        THREE,
    ),
    Mutant(
        "paxos-votes-after-loss",
        "an acceptor whose disk was wiped takes itself for a new one and votes again",
        (*SPLITS, *STALE),
        vote_after_loss,
        THREE,
    ),
    Mutant(
        "paxos-begins-again",
        "a restarted first leader takes it for the beginning of the network",
        (*SPLITS, *STALE, "engine-error"),
        open_first_again,
        THREE,
    ),
)
