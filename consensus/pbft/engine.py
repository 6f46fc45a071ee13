"""Practical Byzantine fault tolerance (Castro and Liskov 1999; Castro's thesis 2001).

Model: partial synchrony, n > 3f Byzantine replicas, authenticated fair-lossy links, signatures.
Bound: n > 3f (Dwork, Lynch and Stockmeyer 1988); quorums of (n + f) // 2 + 1, any two of which
share a correct replica. That is 2f + 1 only for n = 3f + 1.
Safety holds always; progress once messages arrive within the (doubling, capped) timeouts.
Good case: three message delays, 2n(n-1) messages. View change: O(n^2) messages.

This module only routes. The sub-protocols are functions over one record (`replica`). A handler that
ends in another one returns it, which is the same as `yield from` and takes a third of the time:

normal_case, deciding   proposal, prepare, commit, decide            4.2
values, accusing        values forced and fetched; evidence          4.2
proposing               the primary's pipeline, idle payloads        4.2
checkpoint              block ids, certificates, water marks         4.3
membership, handover    another committee takes office
suspicion               when to leave a view                         4.5.2
view_change, quorums    replacing the primary, proof rules           4.4
catch_up, claims        resending, answering, decided heights        4.4, thesis 5.2
journal, restart        what is durable, and standing up again
returning               voting again after the journal was lost
timing                  which timers run, doubling and capping       4.5.2
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from consensus.committee import Committee, ReplicaId
from consensus.effects import Effect, Ignore
from consensus.engine import Account
from consensus.events import (
    Applied,
    Checked,
    Elapsed,
    Event,
    Mined,
    Offered,
    Pending,
    Proposed,
    Read,
    Received,
    Refuted,
    Started,
    Stored,
    Suspected,
    Tossed,
    Trusted,
)
from consensus.message import Signed
from consensus.pbft import (
    accounting,
    catch_up,
    checkpoint,
    handover,
    normal_case,
    proposing,
    restart,
    returning,
    suspicion,
    timing,
    view_change,
)
from consensus.pbft.messages import (
    Ask,
    Checkpoint,
    CheckpointCertificate,
    Commit,
    Decision,
    NewView,
    Prepare,
    PrePrepare,
    Returning,
    Standing,
    Tell,
    ViewChange,
    Welcome,
)
from consensus.pbft.parameters import Parameters
from consensus.pbft.refusals import Refusal, ignore
from consensus.pbft.replica import HALTED, Replica


@dataclass(slots=True)
class Pbft:
    """The engine: one door over one record."""

    replica: Replica

    def react(self, event: Event) -> Iterator[Effect]:
        """One step: handle the event, then ask for work and set timers as the state demands."""
        replica = self.replica
        if replica.role is HALTED:
            yield Ignore(event, Refusal.NOT_VOTING)
            return
        yield from self.route(event)
        if replica.handing_over:
            yield from handover.end_handover(replica)
        if replica.suspected_at is not None or replica.overdue:
            yield from suspicion.keep_suspicion(replica)
        if replica.is_leading:
            yield from proposing.request_value(replica)
        yield from timing.keep_time(replica)

    def route(self, event: Event) -> Iterator[Effect]:
        """To the handler of the event."""
        replica = self.replica
        match event:
            case Received():
                return self.route_message(event.sender, event.message)
            case Pending():
                return suspicion.on_pending(replica, event)
            case Checked():
                return normal_case.on_checked(replica, event)
            case Applied():
                return checkpoint.on_applied(replica, event)
            case Proposed():
                return proposing.on_proposed(replica, event)
            case Elapsed():
                return timing.on_elapsed(replica, event)
            case Offered():
                return catch_up.on_offered(replica, event)
            case Started():
                return restart.on_started(replica, event)
            case Mined() | Stored() | Refuted() | Suspected() | Trusted() | Read() | Tossed():
                return ignore(event, Refusal.UNKNOWN)
            case _:
                assert_never(event)

    def route_message(self, sender: ReplicaId, message: object) -> Iterator[Effect]:
        """To the handler of the message, if its sender is a member."""
        replica = self.replica
        if not replica.committee.is_member(sender):
            return self.route_former(sender, message)
        match message:
            case Signed():
                return self.route_vote(sender, message)
            case PrePrepare():
                if normal_case.is_only_heard(replica, message):
                    return normal_case.hear_pre_prepare(replica, sender, message)
                return normal_case.on_pre_prepare(replica, sender, message)
            case Standing():
                return catch_up.on_standing(replica, sender, message)
            case Decision():
                return catch_up.on_decision(replica, message)
            case CheckpointCertificate():
                return checkpoint.on_certificate(replica, message)
            case Returning():
                return returning.on_returning(replica, sender, message)
            case Welcome():
                return returning.on_welcome(replica, sender, message)
            case Ask():
                return catch_up.on_ask(replica, sender, message)
            case Tell():
                return catch_up.on_tell(replica, message)
            case _:
                return ignore(message, Refusal.UNKNOWN)

    def route_former(self, sender: ReplicaId, message: object) -> Iterator[Effect]:
        """What a member of the former committee may still say: it has its last checkpoint to end."""
        replica = self.replica
        if replica.former is None or not replica.former.committee.is_member(sender):
            return ignore(message, Refusal.NOT_A_MEMBER)
        match message:
            case Signed(body=Checkpoint()):
                return checkpoint.on_checkpoint(replica, sender, message)
            case CheckpointCertificate():
                return checkpoint.on_certificate(replica, message)
            case Decision():
                return catch_up.on_decision(replica, message)
            case Standing():
                return catch_up.answer_standing(replica, sender, message)
            case _:
                return ignore(message, Refusal.NOT_A_MEMBER)

    def route_vote(self, sender: ReplicaId, vote: Signed[Any]) -> Iterator[Effect]:
        """To the handler of the signed body."""
        replica = self.replica
        match vote.body:
            case Prepare():
                return normal_case.on_prepare(replica, sender, vote)
            case Commit():
                return normal_case.on_commit(replica, sender, vote)
            case Checkpoint():
                return checkpoint.on_checkpoint(replica, sender, vote)
            case ViewChange():
                return view_change.on_view_change(replica, sender, vote)
            case NewView():
                return view_change.on_new_view(replica, vote)
            case _:
                return ignore(vote, Refusal.UNKNOWN)


def create(me: ReplicaId | None, committee: Committee, parameters: Parameters) -> Pbft:
    """A replica before its first event; `me` is None for a follower."""
    return Pbft(Replica(me, committee, parameters))


def account(engine: Pbft) -> Account:
    """What the engine says of itself."""
    return accounting.compute_account(engine.replica)
