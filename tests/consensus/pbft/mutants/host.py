"""Bugs of a host: what it forgets, and what it says too early."""

from typing import Any

from consensus.message import Signed
from consensus.pbft.messages import Accepted, NewView, PreparedCertificate, ViewChange
from consensus.simulation.host import TORN, Host
from consensus.simulation.journal import Journal, Rewritten
from tests.consensus.mutants.planting import Ground, Mutant, Plant


def forget(is_forgotten: Any) -> Plant:
    """Journals lose some records."""

    def plant(ground: Ground) -> None:
        append, rewrite = Journal.append, Journal.rewrite

        def forgetful_append(self: Journal, record: Any) -> None:
            if is_forgotten(record):
                self.unsynced.append(Rewritten(tuple(self.records)))
            else:
                append(self, record)

        def forgetful_rewrite(self: Journal, records: tuple[Any, ...]) -> None:
            rewrite(self, tuple(record for record in records if not is_forgotten(record)))

        ground.put(Journal, "append", forgetful_append)
        ground.put(Journal, "rewrite", forgetful_rewrite)

    return plant


def is_new_view(record: Any) -> bool:
    """A view that was opened here."""
    return isinstance(record, Signed) and isinstance(record.body, NewView)


def say_before_writing(ground: Ground) -> None:
    """Nothing waits for the disk."""
    prepare = Host.__post_init__

    def hasty(self: Host) -> None:
        prepare(self)
        self.habits.withholds = False

    ground.put(Host, "__post_init__", hasty)


def take_lost_for_new(ground: Ground) -> None:
    """A wiped disk looks like one that was never written."""
    wipe = Journal.wipe

    def forget_all(self: Journal) -> None:
        wipe(self)
        self.is_lost = False

    ground.put(Journal, "wipe", forget_all)


def cut_too_much(ground: Ground) -> None:
    """Half a record at the end takes the whole one before it along."""
    open_journal = Journal.open

    def cut(self: Journal) -> bool:
        torn = open_journal(self)
        if torn and self.durable:
            self.durable.pop()
        return torn

    ground.put(Journal, "open", cut)


def rewrite_in_place(ground: Ground) -> None:
    """A crash in the middle of a rewrite leaves half of the new journal."""
    burn = Host.burn

    def burn_in_the_middle(self: Host, where: str, put: Any) -> None:
        if where == TORN:
            put()
            last = self.journal.unsynced[-1]
            if isinstance(last, Rewritten):
                half = last.records[: len(last.records) // 2]
                self.journal.unsynced[-1] = Rewritten(half)
            else:
                self.journal.unsynced.pop()
        burn(self, where, put)

    ground.put(Host, "burn", burn_in_the_middle)


FORGETTING = ("one-vote", "just-accusation", "agreement", "uniform-agreement", "bounded-progress")
"""What a host breaks that does not keep its word; its peers hold the proof."""

MUTANTS = (
    Mutant(
        "forgets-accepted",
        "the journal loses accepted proposals, so a restarted replica prepares another value",
        FORGETTING,
        forget(lambda record: isinstance(record, Accepted)),
    ),
    Mutant(
        "forgets-prepared",
        "the journal loses prepared certificates, so a view change hides what may be decided",
        FORGETTING,
        forget(lambda record: isinstance(record, PreparedCertificate)),
    ),
    Mutant(
        "forgets-view-change",
        "the journal loses view changes, so a restarted replica votes in the view it had left",
        FORGETTING,
        forget(lambda record: isinstance(record, ViewChange)),
    ),
    Mutant(
        "forgets-new-view",
        "the journal loses opened views, so a restarted primary opens its view once more",
        FORGETTING,
        forget(is_new_view),
    ),
    Mutant(
        "says-before-writing",
        "votes leave before the disk has confirmed them, so a power failure takes them back",
        FORGETTING,
        say_before_writing,
    ),
    Mutant(
        "takes-lost-for-new",
        "a replica whose disk was wiped takes itself for a new one and votes again",
        FORGETTING,
        take_lost_for_new,
    ),
    Mutant(
        "cuts-too-much",
        "half a record at the end of the journal is cut off together with the one before it",
        FORGETTING,
        cut_too_much,
    ),
    Mutant(
        "rewrites-in-place",
        "the journal is not replaced at once: a crash leaves half of the new one",
        FORGETTING,
        rewrite_in_place,
    ),
)
