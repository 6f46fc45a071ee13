"""Links lose messages and replicas fall behind: resending, answering, and taking decided heights.

While something is undecided a replica repeats its own current votes, with growing but capped
pauses, and says where it stands (`Standing`). Whoever hears that sends what the other lacks: the
stored new view to one in an earlier view, decided heights with value and seal, the checkpoint
certificate. Votes themselves are never answered, so the good case costs nothing.

Every answer proves itself (a seal, a certificate, a hash), so it does not matter who gives it. The
limits: one answer per member and question in a while, and few heights in each.
"""

from collections.abc import Iterator

from consensus.committee import ReplicaId
from consensus.effects import Broadcast, Effect, Ignore, Send, SetTimer
from consensus.events import Offered
from consensus.message import Height, Signed, compute_digest, encode
from consensus.pbft.checkpoint import may_sign, on_certificate
from consensus.pbft.claims import compute_standing, fetch, replace_claim
from consensus.pbft.deciding import deliver
from consensus.pbft.membership import find_first_view_change
from consensus.pbft.messages import (
    Ask,
    Checkpoint,
    Commit,
    CommitSeal,
    Decision,
    Prepare,
    PrePrepare,
    Standing,
    Tell,
)
from consensus.pbft.normal_case import advance, refuse_height
from consensus.pbft.quorums import judge_seal
from consensus.pbft.refusals import Refusal
from consensus.pbft.replica import Judgement, Outcome, Phase, Replica, Role, Slot
from consensus.pbft.returning import seek_return
from consensus.pbft.suspicion import note_suspicion
from consensus.pbft.values import keep_value, missing_digest

ANSWERED_HEIGHTS = 4
"""Decided heights sent in one answer; who lacks more fetches blocks through its host."""
ANSWERS_PER_MEMBER = 32
"""Different questions of one member answered in one pause; one that asks more starves itself."""


def resend(replica: Replica) -> Iterator[Effect]:
    """Repeat what this replica still stands for, and ask for what it lacks."""
    if replica.role is Role.VOTER or replica.handing_over:
        yield from resend_view_change(replica)
        for height in replica.undecided():
            yield from resend_votes(replica, height, replica.slots[height])
        for height, block_id in sorted(replica.own_checkpoints.items()):
            if replica.stable < height <= replica.ceiling and may_sign(replica, height):
                assert replica.me is not None
                yield Broadcast(Signed(replica.me, Checkpoint(height, block_id)))
    for height in replica.undecided():
        yield from ask_again(replica, height, replica.slots[height])
    if replica.me is not None:
        yield Broadcast(compute_standing(replica, asks=True))
    yield from seek_return(replica)
    yield from fetch(replica)


def resend_view_change(replica: Replica) -> Iterator[Effect]:
    """While the view is not open: this replica's view change, and its new view if it leads."""
    if replica.phase is not Phase.CHANGING or replica.me is None or replica.handing_over:
        return
    if replica.view_change:
        own = replica.view_changes.get(replica.me)
        yield Broadcast(own or Signed(replica.me, replica.view_change))
    if replica.new_view:
        yield Broadcast(replica.new_view)


def resend_votes(replica: Replica, height: Height, slot: Slot) -> Iterator[Effect]:
    """This replica's proposal (to those who have not prepared it), prepare and commit."""
    if not replica.is_voting or slot.accepted is None or slot.accepted_view != replica.view:
        return
    assert replica.me is not None
    view, digest = replica.view, slot.accepted.proposal.body.digest
    if replica.is_leading:
        yield from resend_proposal(replica, slot)
    else:
        yield Broadcast(
            slot.prepares.get(replica.me) or Signed(replica.me, Prepare(view, height, digest))
        )
    if slot.certificate_view == view:
        yield Broadcast(
            slot.commits.get(replica.me) or Signed(replica.me, Commit(view, height, digest))
        )


def resend_proposal(replica: Replica, slot: Slot) -> Iterator[Effect]:
    """The value is heavy: it goes to those only who have not prepared it.

    After a restart the proposal has to be signed again, so it also goes through the loop-back.
    """
    assert slot.accepted is not None
    signed, value = slot.proposal or slot.accepted.proposal, slot.accepted.value
    for member in replica.committee.members:
        if member == replica.me and slot.proposal:
            continue
        if member not in slot.prepares:
            yield Send(member, PrePrepare(signed, value))


def ask_again(replica: Replica, height: Height, slot: Slot) -> Iterator[Effect]:
    """A value that a certificate forces and nobody has told yet."""
    digest = missing_digest(replica, height, slot)
    if digest is not None and not slot.has_value(digest) and replica.me is not None:
        yield Broadcast(Ask(height, digest))


def on_standing(replica: Replica, sender: ReplicaId, standing: Standing) -> Iterator[Effect]:
    """Somebody says where it stands: learn from it, and send what it lacks."""
    if sender == replica.me:
        return
    note_suspicion(replica, sender, standing)
    yield from replace_claim(replica, sender, standing.height)
    if replica.role is Role.OBSERVER and not replica.barrier:
        yield from seek_return(replica)
    yield from answer_standing(replica, sender, standing)


def answer_standing(replica: Replica, sender: ReplicaId, standing: Standing) -> Iterator[Effect]:
    """Send what somebody lacks, if it asks."""
    if not standing.asks or replica.me is None or sender == replica.me:
        return
    if not is_first_question(replica, sender, encode(standing)):
        yield Ignore(standing, Refusal.ANSWERED)
        return
    yield from pause_answers(replica)
    yield Send(sender, compute_standing(replica, asks=False))
    yield from send_lacking(replica, sender, standing)


def send_lacking(replica: Replica, sender: ReplicaId, standing: Standing) -> Iterator[Effect]:
    """The open view, the checkpoint certificate, and the next decided heights, as far as lacked."""
    is_earlier = (standing.view, standing.active) < (replica.view, True)
    if is_earlier and replica.is_settled and replica.new_view:
        yield Send(sender, replica.new_view)
    if own := find_first_view_change(replica):
        yield Send(sender, own)
    if replica.handover and standing.stable < replica.handover.height:
        yield Send(sender, replica.handover)
    if replica.certificate and standing.stable < replica.stable:
        yield Send(sender, replica.certificate)
    for height in range(standing.height + 1, standing.height + 1 + ANSWERED_HEIGHTS):
        if decision := replica.history.get(height):
            yield Send(sender, decision)


def is_first_question(replica: Replica, sender: ReplicaId, question: bytes) -> bool:
    """Has this not been answered to this member in the present pause."""
    answered = replica.answered.get(sender, set())
    if question in answered or len(answered) >= ANSWERS_PER_MEMBER:
        return False
    replica.answered[sender] = answered | {question}
    return True


def pause_answers(replica: Replica) -> Iterator[Effect]:
    """For half a resend pause the same question is not answered again."""
    if not replica.clock.answers:
        replica.clock.answers = True
        yield SetTimer(("answers",), max(1, replica.parameters.resend_ms // 2))


def on_ask(replica: Replica, sender: ReplicaId, ask: Ask) -> Iterator[Effect]:
    """Somebody needs a value that a certificate forces on it."""
    value = find_value(replica, ask)
    if value is None or replica.me is None or sender == replica.me:
        yield Ignore(ask, Refusal.UNWANTED)
    elif not is_first_question(replica, sender, encode(ask)):
        yield Ignore(ask, Refusal.ANSWERED)
    else:
        yield from pause_answers(replica)
        yield Send(sender, Tell(ask.height, value))


def find_value(replica: Replica, ask: Ask) -> bytes | None:
    """A value by height and digest, from a slot or from what was decided."""
    slot = replica.slots.get(ask.height)
    if slot and ask.digest in slot.values:
        return slot.values[ask.digest]
    decision = replica.history.get(ask.height)
    if decision and decision.values and compute_digest(decision.values[0]) == ask.digest:
        return decision.values[0]
    return None


def on_tell(replica: Replica, tell: Tell) -> Iterator[Effect]:
    """A value that was asked for; anything else is not even hashed."""
    slot = replica.slots.get(tell.height)
    digest = missing_digest(replica, tell.height, slot) if slot else None
    if slot is None or digest is None or slot.has_value(digest):
        yield Ignore(tell, Refusal.UNWANTED)
    elif compute_digest(tell.value) != digest:
        yield Ignore(tell, Refusal.BAD_DIGEST)
    else:
        keep_value(replica, slot, digest, tell.value)
        yield from advance(replica, tell.height, slot)


def on_decision(replica: Replica, decision: Decision) -> Iterator[Effect]:
    """A decided height from another replica; the host still has to fetch what belongs to it."""
    height = decision.height
    if height <= replica.decided:
        yield Ignore(decision, Refusal.DECIDED)
    elif refusal := refuse_height(replica, height):
        yield Ignore(decision, refusal)
    elif not judge_seal(decision.seal, height, decision.values, replica.committee_at(height)):
        yield Ignore(decision, Refusal.BAD_SEAL)
    else:
        slot = replica.slot(height)
        if slot.outcome is None:
            replica.count("decision_adopted")
        take_outcome(replica, slot, decision.values, decision.seal)
        yield from advance(replica, height, slot)


def on_offered(replica: Replica, event: Offered) -> Iterator[Effect]:
    """The host fetched the next decided height, with all that belongs to it."""
    height = event.height
    if height != replica.decided + 1:
        refusal = Refusal.DECIDED if height <= replica.decided else Refusal.UNWANTED
        yield Ignore(event, refusal)
    elif replica.until is not None and height > replica.until:
        yield Ignore(event, Refusal.BEYOND_WINDOW)
        return
    elif not isinstance(event.seal, CommitSeal) or not judge_seal(
        event.seal, height, event.values, replica.committee
    ):
        yield Ignore(event, Refusal.BAD_SEAL)
        return
    else:
        slot = replica.slot(height)
        replica.count("offered_adopted")
        take_outcome(replica, slot, event.values, event.seal)
        assert slot.outcome is not None
        slot.judgements[slot.outcome.digest] = Judgement.VALID
        yield from deliver(replica)
    if event.certificate is not None:
        yield from on_certificate(replica, event.certificate)


def take_outcome(replica: Replica, slot: Slot, values: tuple[bytes, ...], seal: CommitSeal) -> None:
    """Record what a judged seal proves."""
    digest = seal.commits[0].body.digest
    slot.outcome = slot.outcome or Outcome(digest, seal)
    if values:
        keep_value(replica, slot, digest, values[0])
