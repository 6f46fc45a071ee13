"""Bugs of the slots, of bonds and confirmations, and of catching up, in both synchronous engines."""

from collections.abc import Iterator
from typing import Any

from consensus.chaining.messages import CheckpointCertificate
from consensus.effects import Effect
from consensus.lockstep import choosing, deciding, pacing, restart
from consensus.lockstep.choosing import Candidate, choose_plurality, pack, unpack
from consensus.lockstep.messages import Bound, Confirm
from consensus.lockstep.paced import Paced, Slot
from consensus.message import compute_digest
from consensus.simulation.request import Request
from tests.consensus.mutants.hunting import ENGINE_ERROR
from tests.consensus.mutants.planting import Ground, Mutant, Plant

ENGINES = ("floodset", "early")
SPLITS = ("agreement", "uniform-agreement", "prefix", "no-divergence", ENGINE_ERROR)
"""Two members order different values."""
STUCK = ("bounded-progress",)


def forget_bonds(ground: Ground) -> None:
    """A restart reads its certificate, and not what it was bound to."""

    def restore(paced: Paced, records: tuple[Any, ...]) -> Iterator[Effect]:
        for record in records:
            if isinstance(record, CheckpointCertificate):
                paced.keeper.certificate, paced.keeper.certified = record, record.height
        return iter(())

    ground.put(restart, "restore", restore)


def confirm_unwritten(ground: Ground) -> None:
    """A confirmation leaves that no restart knows of."""

    def confirm(paced: Paced, slot: Slot) -> Iterator[Effect]:
        assert slot.outcome
        paced.bound[slot.height] = Bound(slot.height, slot.number, slot.outcome)
        yield deciding.say(slot, Confirm(compute_digest(slot.outcome)))

    ground.swap(deciding.confirm, confirm)


def believe_one(ground: Ground) -> None:
    """One confirmation decides."""
    ground.put(Paced, "needed", property(lambda _paced: 1))


def wait_for_all(ground: Ground) -> None:
    """All members have to be there."""
    ground.put(Paced, "needed", property(lambda paced: paced.keeper.committee.size))


def choose_unlocked(ground: Ground) -> None:
    """Bonds do not count among candidates."""

    def choose(packed: list[bytes]) -> bytes:
        return pack(Candidate(0, 0, choose_plurality([unpack(one).value for one in packed])))

    ground.put(choosing, "_CHOICES", {**choosing._CHOICES, choosing.Rule.LOCKED: choose})


def choose_own(ground: Ground) -> None:
    """Everybody comes to its own candidate."""
    ground.put(choosing, "choose_locked", lambda packed: packed[0])
    ground.put(
        choosing, "_CHOICES", {**choosing._CHOICES, choosing.Rule.LOCKED: lambda packed: packed[0]}
    )


def never_ask(ground: Ground) -> None:
    """Who stays away does not say so, and never learns what it missed."""
    ground.swap(pacing.ask, lambda _paced: iter(()))


def confirm_unbacked(ground: Ground) -> None:
    """A member is bound to what it came to itself, so that a slot may bind to two values."""
    ground.put(deciding, "count_equal", lambda votes, digest: 99 * (digest in votes.values()))


def never_bind(ground: Ground) -> None:
    """What was confirmed in a slot is forgotten with it."""

    def end(paced: Paced) -> None:
        paced.slot, paced.bound = None, {}

    ground.put(pacing, "end_slot", end)


BUGS: tuple[tuple[str, str, tuple[str, ...], Plant], ...] = (
    ("forgets-bonds", "a restart does not know its bonds", SPLITS, forget_bonds),
    ("confirms-unwritten", "a confirmation is not durable", SPLITS, confirm_unwritten),
    ("believes-one", "one confirmation decides", SPLITS, believe_one),
    ("waits-for-all", "all members are needed", STUCK, wait_for_all),
    ("ignores-bonds", "bonds do not count", (*SPLITS, *STUCK), choose_unlocked),
    ("chooses-its-own", "nobody listens", STUCK, choose_own),
    ("never-asks", "who is behind stays behind", STUCK, never_ask),
    ("confirms-unbacked", "nobody else needs to agree", SPLITS, confirm_unbacked),
    ("never-binds", "bonds end with their slot", (*SPLITS, *STUCK), never_bind),
)
MUTANTS = tuple(
    Mutant(f"{engine}-{name}", what, breaks, plant, Request(engine=engine, nodes=3))
    for engine in ENGINES
    for name, what, breaks, plant in BUGS
)
