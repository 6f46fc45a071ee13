"""From what the algorithm came to, to what is decided.

The algorithm's word is enough while messages are in time and at most f members crash. A ledger wants
more: that nothing contradictory is decided if that assumption breaks unnoticed. So whoever came to
a value reports it in the round that follows. Whoever hears n - f equal reports writes the value down
with its slot, is bound to it, and confirms it; n - f equal confirmations decide it. In later slots of
the same height a bound member brings that value in, with its slot, and candidates with the latest slot
go before all others.

Safety, whatever the timing: in one slot a member reports one value, and n - f are more than half, so all
bonds of a slot are to one value, and at most one is decided there. Whoever reports in a later slot has
heard n - f members in its first round, one of whom was bound to the decided value there or, by induction,
in a slot in between; so the latest slot among its candidates names that value too. This is Paxos's
argument with slots for ballots, and reports in the place of a leader that proposes one value. It
takes clocks that do not go back over a restart: a member takes part in a slot once.
Progress: in a slot in which n - f or more are up to date, all messages are in time, and at most f crash,
everybody comes to the same value by the algorithm's argument, reports it, and confirms it.
"""

from collections.abc import Iterator, Mapping

from consensus.chaining import attesting
from consensus.chaining.delivering import settle
from consensus.committee import ReplicaId
from consensus.effects import Broadcast, Effect, Persist
from consensus.lockstep.messages import Bound, Confirm, Report, Said
from consensus.lockstep.paced import Paced, Slot
from consensus.message import NULL_VALUE, Digest, compute_digest


def conclude(paced: Paced, slot: Slot) -> Iterator[Effect]:
    """What follows the algorithm: a report, a confirmation, or a sign of life; the last is marked."""
    digest = compute_digest(slot.outcome or NULL_VALUE)
    if not slot.outcome or not paced.parameters.confirms:
        slot.has_spoken_last = True
        yield say(slot, None)
    elif not slot.has_reported:
        slot.has_reported = True
        yield say(slot, Report(digest))
    elif count_equal(slot.reports, digest) >= paced.needed:
        slot.has_spoken_last = True
        yield from confirm(paced, slot)
    else:
        slot.has_spoken_last = slot.run.in_round == paced.rounds
        yield say(slot, None)


def say(slot: Slot, body: Report | Confirm | None) -> Broadcast:
    """A word of the open round."""
    return Broadcast(Said(slot.number, slot.height, slot.run.in_round, slot.has_spoken_last, body))


def count_equal(votes: Mapping[ReplicaId, Digest], digest: Digest) -> int:
    """How many members said this."""
    return list(votes.values()).count(digest)


def confirm(paced: Paced, slot: Slot) -> Iterator[Effect]:
    """Be bound, in writing, and say so."""
    assert slot.outcome
    bound = Bound(slot.height, slot.number, slot.outcome)
    paced.bound[slot.height] = bound
    yield Persist(bound)
    yield say(slot, Confirm(compute_digest(slot.outcome)))


def settle_confirmed(paced: Paced, slot: Slot) -> Iterator[Effect]:
    """With n - f equal confirmations of the own outcome the height is decided."""
    if not slot.outcome or slot.alarm is not None or slot.height in paced.keeper.results:
        return
    digest = compute_digest(slot.outcome)
    if count_equal(slot.confirms, digest) >= paced.needed:
        yield from finish(paced, slot)


def settle_unconfirmed(paced: Paced, slot: Slot) -> Iterator[Effect]:
    """Without confirmations the algorithm's word is final."""
    if not paced.parameters.confirms:
        yield from finish(paced, slot)


def finish(paced: Paced, slot: Slot) -> Iterator[Effect]:
    """The height came to this value."""
    assert slot.outcome
    if slot.height > paced.keeper.decided:
        settle(paced.keeper, slot.height, (slot.outcome,))
        yield from attesting.attest(paced.keeper, slot.height)
