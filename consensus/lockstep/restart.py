"""What a synchronous engine keeps, and standing up again from it; see `chaining.standing_up`.

The journal tells what this replica was bound to. The slot that ran when it stopped is over for it: it
takes part again from the next one that it is fit for.
"""

from collections.abc import Iterator
from typing import Any

from consensus.chaining.messages import CheckpointCertificate
from consensus.chaining.refusals import Refusal
from consensus.chaining.standing_up import stand_up, take_applied
from consensus.effects import Check, Effect, Ignore
from consensus.events import Applied, Started
from consensus.lockstep.messages import Bound
from consensus.lockstep.paced import Paced
from consensus.lockstep.pacing import set_step
from consensus.message import compute_digest


def on_started(paced: Paced, event: Started) -> Iterator[Effect]:
    """Stand up with the bonds, and follow the clock."""
    if not paced.keeper.started:
        yield set_step(paced)
    yield from stand_up(
        paced.keeper, event, list_bonds(paced), lambda records: restore(paced, records)
    )


def restore(paced: Paced, records: tuple[Any, ...]) -> Iterator[Effect]:
    """The latest bond of each height, and the certificate."""
    keeper = paced.keeper
    for record in records:
        match record:
            case CheckpointCertificate():
                keeper.certificate, keeper.certified = record, record.height
            case Bound() if record.height > keeper.decided:
                paced.bound[record.height] = record
    for height, bound in sorted(paced.bound.items()):
        keeper.count("restarted_bound")
        yield Check(height, compute_digest(bound.value), bound.value, forced=True)


def on_applied(paced: Paced, event: Applied) -> Iterator[Effect]:
    """The ledger executed a height: its bond has served."""
    if event.height <= paced.keeper.applied:
        yield Ignore(event, Refusal.DUPLICATE)
        return
    paced.bound = {height: b for height, b in paced.bound.items() if height > event.height}
    yield from take_applied(paced.keeper, event, list_bonds(paced))


def list_bonds(paced: Paced) -> list[Any]:
    """What this replica is bound to, by height."""
    return [bound for _, bound in sorted(paced.bound.items())]
