"""From what the algorithm came to, to what is decided.

The algorithm's word is enough while messages are in time and at most f members crash. A ledger wants
more: that nothing contradictory is decided if that assumption breaks unnoticed. So whoever came to
a value writes it down with its slot, is bound to it, and confirms it in the round that follows; n - f
equal confirmations decide it. In later slots of the same height a bound member brings that value in,
with its slot, and candidates with the latest slot go before all others.

Safety, whatever the timing: in one slot a member confirms one value, and n - f are more than half, so
at most one value is decided there. Whoever confirms in a later slot has heard n - f members in its first
round, one of whom had confirmed the decided value, or, by induction, the same value later; so the
latest slot among its candidates names that value too. (This is Paxos's argument with slots for ballots.)
Progress: in a slot in which n - f or more are up to date, all messages are in time, and at most f crash,
everybody comes to the same value by the algorithm's argument, and confirms it.
"""

from collections.abc import Iterator

from consensus.chaining import attesting
from consensus.chaining.delivering import settle
from consensus.effects import Broadcast, Effect, Persist
from consensus.lockstep.messages import Bound, Confirm, Said
from consensus.lockstep.paced import Paced, Slot
from consensus.message import NULL_VALUE, compute_digest


def confirm(paced: Paced, slot: Slot) -> Iterator[Effect]:
    """The last word in a slot: what the algorithm came to, in writing; a sign of life if that is nothing."""
    slot.has_spoken_last = True
    body = None
    if slot.outcome != NULL_VALUE and paced.parameters.confirms:
        assert slot.outcome is not None
        bound = Bound(slot.height, slot.number, slot.outcome)
        paced.bound[slot.height] = bound
        yield Persist(bound)
        body = Confirm(compute_digest(slot.outcome))
    in_round = slot.run.in_round
    yield Broadcast(Said(slot.number, slot.height, in_round, True, body))


def settle_confirmed(paced: Paced, slot: Slot) -> Iterator[Effect]:
    """With n - f equal confirmations of the own outcome the height is decided."""
    if not slot.outcome or slot.alarm is not None or slot.height in paced.keeper.results:
        return
    digest = compute_digest(slot.outcome)
    if list(slot.confirms.values()).count(digest) >= paced.needed:
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
