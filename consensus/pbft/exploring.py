"""What of PBFT can still matter, for whoever goes through all of its configurations up to some view.

Timeouts are left out of account: an explorer lets timers run out whenever it likes. So their lengths,
and all that is only counted or shown, may be forgotten; likewise the following.

Certificates. A valid one is read for the view, height and digest that it proves, never for whose votes
it holds, and the engine makes and accepts valid ones only. So two that prove the same are one, in
states and in messages, and so are two new views that impose the same, and two view changes of one
member for one view with certificates that prove the same.
Prepares count for the present view's proposal only, and until the certificate of that view exists;
those of later views wait. Older ones are forgotten.
Commits count in any view until there is an outcome; then they are forgotten.
Proposals are looked at in an open view only. Whoever leaves its view keeps its vote, not the proposal.
View changes. In the last view that is looked at only its primary reads them; to all others they say
when to leave it, as do suspicions and timers.
Claims. Height 0 is what nobody has claimed; who is behind only stops waiting and fetches.
Suspicions of one sender in one view do the same, whatever else stands in them: a greater height makes the
hearer wait less. They take nothing away from who says them, so all are said before anything else.
Answers. A question may be answered again as soon as a timer ran out that may run out at any time.

Mail that is left out where nothing is lost, for it brings about what other mail does (`is_heard`). A
`Standing` that suspects nobody says where its sender is, and whoever hears it waits less, or fetches
from a host that serves nothing here. A `Decision` brings a value and a seal whose commits were
broadcast. A new view or certificate that is handed on was broadcast before. `Ask` and `Tell` bring a
value that its proposer has broadcast; only the second half of a twin cannot hear the first one's.
"""

from dataclasses import dataclass
from typing import Any

from consensus.committee import ReplicaId, View
from consensus.events import Elapsed, Event, Timer
from consensus.message import Signed
from consensus.pbft.engine import Pbft
from consensus.pbft.messages import (
    Ask,
    CheckpointCertificate,
    Commit,
    Decision,
    NewView,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    Standing,
    Tell,
    ViewChange,
)
from consensus.pbft.replica import CHANGING, Replica, Slot
from consensus.pbft.timing import PROGRESS


@dataclass(frozen=True, slots=True)
class UpTo:
    """What matters up to `view_max`."""

    view_max: View

    @property
    def openings(self) -> tuple[Event, ...]:
        """Everybody suspects the first primary: that takes nothing away, and leaving takes f + 1."""
        return (Elapsed(PROGRESS),) if self.view_max else ()

    def resemble(self, message: Any) -> Any:
        """What a message says."""
        return resemble(message)

    def find_round(self, engine: Pbft) -> View:
        """The view that a replica stands in."""
        return engine.replica.view

    def count_leaders(self, _size: int) -> int:
        """So many of the first members lead a view."""
        return self.view_max + 1

    def describe(self, engine: Pbft) -> Any:
        """All that a later step can depend on."""
        replica = engine.replica
        clock, wish = replica.clock, replica.ordering
        return (
            (replica.role, replica.started, replica.view, replica.phase, replica.imposed_to),
            (replica.new_view is not None, self.describe_changes(replica)),
            (replica.decided, replica.applied, replica.stable, replica.certified),
            (replica.checkpoints, replica.own_checkpoints),
            {member: height for member, height in replica.claims.items() if height},
            (replica.barrier, replica.returned, replica.welcomes),
            self.describe_suspicion(replica),
            (clock.idle, clock.starved),
            {height: describe_slot(replica, slot) for height, slot in replica.slots.items()},
            {height: decision.values for height, decision in replica.history.items()},
            (wish.next_height, wish.requested, wish.required),
        )

    def describe_changes(self, replica: Replica) -> Any:
        """Whose view changes are known."""
        if replica.view >= self.view_max and replica.me != replica.primary:
            return None
        if replica.view >= self.view_max and replica.new_view is not None:
            return None
        return {signer: resemble(vote) for signer, vote in replica.view_changes.items()}

    def describe_suspicion(self, replica: Replica) -> Any:
        """What makes this replica leave its view."""
        if replica.view >= self.view_max:
            return (replica.pending, replica.overdue)
        later = {m for m, view in replica.later_views.items() if view > replica.view}
        suspects = (replica.suspected_at, set(replica.suspicions))
        return (replica.pending, replica.overdue, suspects, later, replica.clock.progress)

    def tidy(self, engine: Pbft) -> None:
        """The pause before a question is answered again is over at once."""
        engine.replica.answered.clear()
        engine.replica.clock.answers = False

    def may_fire(self, engine: Pbft, timer: Timer) -> bool:
        """Resending is in vain where nothing is lost, and no view after the last is looked at."""
        return timer == PROGRESS and engine.replica.view < self.view_max

    def is_heard(self, sender: ReplicaId, message: Any) -> bool:
        """Can a message bring about what nothing else does."""
        match message:
            case Standing(view=view, suspects=suspects, asks=asks):
                return suspects and asks and view < self.view_max
            case Signed(signer=signer):
                return signer == sender
            case _:
                return not isinstance(message, Decision | Ask | Tell | CheckpointCertificate)

    def is_welcome(self, engine: Pbft, sender: ReplicaId, message: Any) -> bool:
        """Is this a first vote, or a suspicion: kept, and in nobody's way."""
        replica = engine.replica
        match message:
            case Standing(view=view):
                return sender not in replica.suspicions and view == replica.view
            case Signed(body=Prepare(height=height)):
                slot = replica.slots.get(height)
                return slot is None or sender not in slot.prepares
            case Signed(body=Commit(height=height)):
                slot = replica.slots.get(height)
                return slot is None or sender not in slot.commits
            case Signed(body=ViewChange(view=view)):
                leads = replica.committee.primary(view) == replica.me
                return not leads and sender not in replica.view_changes
        return False


def describe_slot(replica: Replica, slot: Slot) -> Any:
    """What is known of one height, as far as it can still count."""
    least = max(replica.view, slot.certificate_view + 1)
    prepares = {r: v.body for r, v in slot.prepares.items() if v.body.view >= least}
    commits = {r: v.body for r, v in slot.commits.items()} if slot.outcome is None else None
    is_open = slot.proposal is not None and replica.phase is not CHANGING
    return (
        slot.proposal.body if is_open and slot.proposal else None,
        prepares,
        commits,
        slot.accepted.proposal.body if slot.accepted else None,
        resemble(slot.certificate),
        set(slot.values),
        slot.judgements,
        slot.outcome.digest if slot.outcome else None,
    )


def resemble(message: Any) -> Any:
    """What a message, record or certificate says, without the votes that prove it."""
    match message:
        case Signed(signer=signer, body=body):
            return (signer, resemble(body))
        case PreparedCertificate(proposal=proposal):
            return ("prepared", proposal.body)
        case ViewChange():
            prepared = tuple(map(resemble, message.prepared))
            return ("view-change", message.view, message.stable, prepared)
        case NewView():
            stable = max(change.body.stable for change in message.view_changes)
            imposed = tuple(proposal.body for proposal in message.proposals)
            return ("new-view", message.view, stable, imposed)
        case PrePrepare(proposal=proposal, value=value):
            return ("pre-prepare", proposal.signer, proposal.body, value)
        case Standing(view=view, suspects=suspects):
            return ("standing", view, suspects)
        case CheckpointCertificate():
            return ("checkpoint", message.height, message.votes[0].body.block_id)
        case _:
            return message
