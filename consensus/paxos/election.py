"""Who leads: the failure detector's word, a canvass, and phase 1 (Lamport 2001; Ongaro 2014, 9.6).

A voter without a trusted leader waits for a time drawn from T to 2T, so that rivals are rarely in
step. Then it asks whether a majority would promise its next ballot. Only with a majority's support
it goes on to phase 1, for a prepare binds those who promise it, and one who is cut off, or hears
nothing, must not drive a healthy leader out again and again. Whoever trusts a leader does not
support. Neither the detector nor the canvass touches safety: both only say when to try.

T doubles with each failed attempt, up to a cap, and comes back with the next decided height.
"""

from collections.abc import Iterator, Mapping, Sequence

from consensus.committee import ReplicaId
from consensus.effects import Broadcast, Effect, Ignore, Persist, Send
from consensus.events import Suspected, Trusted
from consensus.message import Height
from consensus.paxos.ballot import compute_next_ballot
from consensus.paxos.causes import Cause
from consensus.paxos.heartbeat import beat
from consensus.paxos.learner import claim
from consensus.paxos.messages import Canvass, Entry, Nack, Prepare, Promise, Promised, Support
from consensus.paxos.quorums import choose_entries
from consensus.paxos.refusals import Refusal, ignore
from consensus.paxos.replica import Leading, Ordering, Phase, Replica
from consensus.paxos.standing import lose_leader, lose_patience, stand_down, trust


def on_suspected(replica: Replica, event: Suspected) -> Iterator[Effect]:
    """The detector says that the leader has fallen silent."""
    if not is_about_leader(replica, event.replica):
        return ignore(event, Refusal.UNWANTED)
    suspect(replica)
    return iter(())


def on_trusted(replica: Replica, event: Trusted) -> Iterator[Effect]:
    """The detector takes it back."""
    if not is_about_leader(replica, event.replica):
        return ignore(event, Refusal.UNWANTED)
    trust(replica)
    return iter(())


def is_about_leader(replica: Replica, who: ReplicaId) -> bool:
    """Is the detector's word about the one this voter follows."""
    leader = replica.leader
    return replica.is_voting and leader is not None and leader.proposer == who != replica.me


def suspect(replica: Replica) -> None:
    """Trust the leader no more; its proposals still count, as any do that are not too low."""
    if not replica.suspects:
        replica.suspects, replica.doubt = True, Cause.LEADER_SUSPECTED
        replica.count("leader_suspected")


def stand(replica: Replica) -> Iterator[Effect]:
    """The time has come and there is no leader: ask for support."""
    assert replica.me is not None
    if replica.phase is not Phase.FOLLOWING:
        replica.count_left(Cause.NO_MAJORITY)
        fail(replica)
    replica.phase = Phase.CANVASSING
    replica.candidate = compute_next_ballot(max(replica.seen, replica.bar), replica.me)
    replica.supporters = set()
    replica.count("candidacies")
    yield Broadcast(Canvass(replica.candidate))


def fail(replica: Replica) -> None:
    """An attempt came to nothing: be more patient before the next."""
    lose_patience(replica)
    replica.count("candidacies_failed")
    stand_down(replica)


def on_canvass(replica: Replica, sender: ReplicaId, canvass: Canvass) -> Iterator[Effect]:
    """Somebody would lead: whoever asks is not leading itself, even if it did until now."""
    ballot = canvass.ballot
    if not replica.is_voting:
        yield Ignore(canvass, Refusal.NOT_VOTING)
    elif sender != ballot.proposer:
        yield Ignore(canvass, Refusal.NOT_THE_PROPOSER)
    elif ballot <= replica.bar:
        yield Send(sender, Nack(ballot, replica.bar))
    elif sender != replica.me and trusts_another(replica, sender):
        yield Ignore(canvass, Refusal.TRUSTS_LEADER)
    else:
        yield Send(sender, Support(ballot))


def trusts_another(replica: Replica, candidate: ReplicaId) -> bool:
    """Does this voter trust a leader other than the candidate."""
    if replica.is_leading:
        return True
    return (
        replica.trusts_leader
        and replica.leader is not None
        and (replica.leader.proposer != candidate)
    )


def on_support(replica: Replica, sender: ReplicaId, support: Support) -> Iterator[Effect]:
    """With a majority behind it a candidate asks to be promised its ballot, durably its own first."""
    if replica.phase is not Phase.CANVASSING or support.ballot != replica.candidate:
        yield Ignore(support, Refusal.UNWANTED)
        return
    replica.supporters.add(sender)
    if not replica.has_majority(len(replica.supporters)):
        return
    assert replica.candidate > replica.promised
    replica.phase, replica.promises = Phase.PREPARING, {}
    replica.clock.restart = True
    replica.promised = replica.seen = replica.candidate
    yield Persist(Promised(replica.candidate))
    yield Broadcast(Prepare(replica.candidate, replica.decided + 1))


def on_promise(replica: Replica, sender: ReplicaId, promise: Promise) -> Iterator[Effect]:
    """Phase 1 is over when a majority has promised."""
    if replica.phase is not Phase.PREPARING or promise.ballot != replica.candidate:
        yield Ignore(promise, Refusal.STALE_BALLOT)
        return
    replica.promises[sender] = promise
    if replica.has_majority(len(replica.promises)):
        yield from lead(replica)


def lead(replica: Replica) -> Iterator[Effect]:
    """Take over, for every open height, what may have been chosen; all else is free.

    A height that somebody has decided is learned, not proposed again.
    """
    ballot, promises = replica.candidate, list(replica.promises.values())
    above = max(replica.decided, *(promise.decided for promise in promises))
    found = [e for promise in promises for e in promise.entries if e.height > above]
    entries = choose_entries(found)
    count_found(replica, found, entries)
    claim(replica, above)
    yield from lose_leader(replica)
    replica.phase, replica.candidate, replica.leader = Phase.LEADING, ballot, ballot
    replica.leading = Leading()
    replica.ordering = Ordering(
        next_height=above + 1,
        decided_elsewhere=above,
        imposed={height: entry.value for height, entry in entries.items()},
        imposed_to=max(entries, default=above),
    )
    yield from beat(replica)


def count_found(replica: Replica, found: Sequence[Entry], entries: Mapping[Height, Entry]) -> None:
    """What phase 1 brought to light."""
    replica.count("led")
    if entries:
        replica.count("imposed")
    if any(entry.ballot < entries[entry.height].ballot for entry in found):
        replica.count("highest_ballot_won")


def on_nack(replica: Replica, nack: Nack) -> Iterator[Effect]:
    """Somebody has promised more: a ballot that is too low never gets far."""
    if replica.phase is Phase.FOLLOWING or nack.ballot != replica.candidate:
        yield Ignore(nack, Refusal.UNWANTED)
        return
    replica.seen = max(replica.seen, nack.promised)
    replica.count("preempted")
    if replica.leader is None:
        replica.count_left(Cause.OUTBID)
    fail(replica)
    yield from lose_leader(replica)
