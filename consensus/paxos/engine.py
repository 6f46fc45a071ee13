"""Multi-Paxos (Lamport 1998, "The Part-Time Parliament"; 2001, "Paxos Made Simple").

Model: asynchronous safety, progress under partial synchrony; members crash and recover, messages are
lost, late, doubled and reordered; nobody lies. Links authenticate the sender.
Bound: n > 2f (Dwork, Lynch and Stockmeyer 1988); quorums are majorities, any two of which share a
member. Agreement is uniform; validity is V1: what is decided was proposed by some member, or is null.
Safety: see `acceptor`. Progress: with a leader that a majority hears, and that hears a majority.
Good case: two message delays at the leader, three elsewhere; 2(n-1) messages per height, and the
news of a decision rides on the next proposal, or else takes n-1 more.

This module only routes. The pieces are functions over one record (`replica`):

ballot               who may propose in which ballot
acceptor, quorums    promises and accepted values; the safety argument
learner              what is chosen is decided in order
election             suspicion, canvass, phase 1 over all open heights at once
proposing            phase 2: what is imposed, then new values, several heights in flight
heartbeat, standing  the leader's pulse, and whom a replica follows
reading              linearizable reads by the read index
catch_up             repeating, asking, taking decided heights
checkpoint           certificates of executed blocks, and a shorter journal
membership           from one committee to the next
journal, restart     what is durable, and standing up again from it
timing               which timers run
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

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
from consensus.paxos import (
    acceptor,
    accounting,
    catch_up,
    checkpoint,
    election,
    heartbeat,
    learner,
    proposing,
    reading,
    restart,
    timing,
)
from consensus.paxos.messages import (
    Accept,
    Accepted,
    Alive,
    AskIndex,
    Canvass,
    Checkpoint,
    CheckpointCertificate,
    Heartbeat,
    Index,
    Lack,
    Learned,
    Nack,
    Prepare,
    Promise,
    Support,
)
from consensus.paxos.parameters import Parameters
from consensus.paxos.refusals import Refusal, ignore
from consensus.paxos.replica import Replica, Role


@dataclass(slots=True)
class MultiPaxos:
    """The engine: one door over one record."""

    replica: Replica

    def react(self, event: Event) -> Iterator[Effect]:
        """One step: handle the event, then go on as the state demands."""
        replica = self.replica
        if replica.role is Role.HALTED:
            yield Ignore(event, Refusal.NOT_VOTING)
            return
        yield from self.route(event)
        if replica.is_leading:
            yield from proposing.propose_imposed(replica)
            yield from proposing.request_value(replica)
            yield from reading.confirm_reads(replica)
        else:
            yield from catch_up.ask(replica)
        yield from catch_up.fetch_if_far(replica)
        if replica.tickets:
            yield from reading.ask_leader(replica)
        yield from timing.keep_time(replica)

    def route(  # noqa: C901, PLR0912 - one match
        self, event: Event
    ) -> Iterator[Effect]:
        """To the handler of the event."""
        replica = self.replica
        match event:
            case Received():
                return self.route_message(event.sender, event.message)
            case Checked():
                return acceptor.on_checked(replica, event)
            case Applied():
                return checkpoint.on_applied(replica, event)
            case Pending():
                replica.pending = event.some
                return iter(())
            case Proposed():
                return proposing.on_proposed(replica, event)
            case Elapsed():
                return timing.on_elapsed(replica, event)
            case Offered():
                return catch_up.on_offered(replica, event)
            case Suspected():
                return election.on_suspected(replica, event)
            case Trusted():
                return election.on_trusted(replica, event)
            case Read():
                return reading.on_read(replica, event)
            case Started():
                return restart.on_started(replica, event)
            case Mined() | Stored() | Refuted() | Tossed():
                return ignore(event, Refusal.UNKNOWN)
            case _:
                assert_never(event)

    def route_message(  # noqa: C901, PLR0912 - one match
        self, sender: ReplicaId, message: object
    ) -> Iterator[Effect]:
        """To the handler of the message, if its sender is a member."""
        replica = self.replica
        if not replica.committee.is_member(sender) and not is_heard(replica, sender, message):
            return ignore(message, Refusal.NOT_A_MEMBER)
        match message:
            case Accept():
                return acceptor.on_accept(replica, sender, message)
            case Accepted():
                return learner.on_accepted(replica, sender, message)
            case Heartbeat():
                return heartbeat.on_heartbeat(replica, sender, message)
            case Alive():
                return heartbeat.on_alive(replica, sender, message)
            case Prepare():
                return acceptor.on_prepare(replica, sender, message)
            case Promise():
                return election.on_promise(replica, sender, message)
            case Canvass():
                return election.on_canvass(replica, sender, message)
            case Support():
                return election.on_support(replica, sender, message)
            case Nack():
                return election.on_nack(replica, message)
            case AskIndex():
                return reading.on_ask_index(replica, sender, message)
            case Index():
                return reading.on_index(replica, message)
            case Lack():
                return catch_up.on_lack(replica, sender, message)
            case Learned():
                return catch_up.on_learned(replica, message)
            case Signed(body=Checkpoint()):
                return checkpoint.on_checkpoint(replica, sender, message)
            case CheckpointCertificate():
                return checkpoint.on_certificate(replica, message)
            case _:
                return ignore(message, Refusal.UNKNOWN)


def is_heard(replica: Replica, sender: ReplicaId, message: object) -> bool:
    """May one who left say this: its vote under the last checkpoint, and what it lacks."""
    former = replica.former
    if former is None or not former.committee.is_member(sender):
        return False
    return isinstance(message, Signed | CheckpointCertificate | Lack)


def create(me: ReplicaId | None, committee: Committee, parameters: Parameters) -> MultiPaxos:
    """A replica before its first event; `me` is None for a follower."""
    return MultiPaxos(Replica(me, committee, parameters))


def account(engine: MultiPaxos) -> Account:
    """What the engine says of itself."""
    return accounting.compute_account(engine.replica)
