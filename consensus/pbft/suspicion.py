"""Suspecting the primary: said first, and binding only when others share it.

A view change binds: whoever asked for view v + 1 may never vote in view v again. A replica that was
alone with its suspicion (suspended for a while, cut off, or late) would thereby lose its vote until
the others change view too, perhaps for days. So a replica whose timer ran out first says that it
suspects, with its standing, and goes on voting. It leaves the view once f + 1 members suspect it,
itself included: at least one of them is correct, and their f + 1 view changes bring everybody else
along (4.5.2). So no view change is lost that the paper would have made: there, too, f + 1 have to
ask before those without suspicion join. The price is one message delay.

A suspicion is withdrawn when the replica decides a height, unless work is still passed over by the
primary; one that was not withdrawn is forgotten after SUSPICION_HEIGHTS decided heights.
"""

from collections.abc import Iterator

from consensus.committee import ReplicaId
from consensus.effects import Broadcast, Effect
from consensus.events import Pending
from consensus.pbft.causes import Cause
from consensus.pbft.claims import compute_standing
from consensus.pbft.messages import Standing
from consensus.pbft.replica import Phase, Replica
from consensus.pbft.view_change import enter_view_change

SUSPICION_HEIGHTS = 8
"""Heights decided here after which somebody's suspicion has to be said again to count."""
OVERDUE_HEIGHTS = 4
"""Heights that a new primary may decide before work that is still passed over convicts it too."""


def on_waited_in_vain(replica: Replica) -> Iterator[Effect]:
    """The timer ran out: on an open view, suspect its primary; on one that never opened, skip it.

    In the second case a quorum has left the previous view already (see `timing.is_waiting`).
    """
    if replica.phase is Phase.CHANGING:
        replica.count("view_skipped")
        yield from enter_view_change(replica, replica.view + 1, Cause.VIEW_NOT_OPENED)
    else:
        replica.suspects_censor = False
        yield from suspect_primary(replica)


def suspect_primary(replica: Replica) -> Iterator[Effect]:
    """Say so; what follows depends on how many do."""
    replica.suspected_at = replica.decided
    replica.count("suspicions")
    yield Broadcast(compute_standing(replica, asks=True))


def on_pending(replica: Replica, event: Pending) -> Iterator[Effect]:
    """Is there work, and does the primary pass some of it over."""
    replica.pending = event.some
    newly = event.overdue and not replica.overdue
    replica.overdue = event.overdue
    return suspect_censor(replica) if newly and may_suspect(replica) else iter(())


def may_suspect(replica: Replica) -> bool:
    """Only voters of an open view suspect, and a primary not itself of censorship."""
    return replica.is_voting and not replica.is_leading


def note_suspicion(replica: Replica, sender: ReplicaId, standing: Standing) -> None:
    """Somebody says whether it suspects the primary of this view."""
    if standing.view == replica.view and standing.suspects:
        replica.suspicions[sender] = replica.decided
    else:
        replica.suspicions.pop(sender, None)


def keep_suspicion(replica: Replica) -> Iterator[Effect]:
    """After every step: withdraw what is settled, repeat what is not, and leave when f + 1 agree."""
    if replica.overdue and is_censored_still(replica):
        yield from suspect_censor(replica)
    if replica.suspected_at is None or not replica.is_voting:
        return
    if replica.decided > replica.suspected_at and not replica.overdue:
        replica.suspected_at = None
        replica.count("suspicion_withdrawn")
        yield Broadcast(compute_standing(replica, asks=False))
    elif len(compute_suspects(replica)) >= replica.committee.weak_quorum:
        cause = Cause.PRIMARY_CENSORS if replica.suspects_censor else Cause.PRIMARY_SILENT
        yield from enter_view_change(replica, replica.view + 1, cause)


def suspect_censor(replica: Replica) -> Iterator[Effect]:
    """The primary passes work over."""
    replica.count("censor_suspected")
    replica.suspects_censor = True
    return suspect_primary(replica)


def is_censored_still(replica: Replica) -> bool:
    """Does this primary, too, pass work over, or have others forgotten what was said of it."""
    if not may_suspect(replica):
        return False
    if replica.suspected_at is None:
        return replica.decided_in_view > OVERDUE_HEIGHTS + replica.parameters.pipeline
    return replica.decided >= replica.suspected_at + SUSPICION_HEIGHTS // 2


def compute_suspects(replica: Replica) -> set[ReplicaId]:
    """Who suspects this view's primary now: by word, by having left the view, or this replica."""
    recent = replica.decided - SUSPICION_HEIGHTS
    suspects = {r for r, decided in replica.suspicions.items() if decided > recent}
    suspects.update(r for r, s in replica.view_changes.items() if s.body.view > replica.view)
    if replica.me is not None and replica.suspected_at is not None:
        suspects.add(replica.me)
    return suspects
