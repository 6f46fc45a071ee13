"""Another committee: nothing crosses its first height, and it begins with a view of its own."""

from typing import Any

import pytest

from consensus import catalog
from consensus.committee import Committee, Former, ReplicaId
from consensus.effects import Broadcast, Effect, Persist, Request, Rewrite, Send
from consensus.events import Applied, Offered, Pending, Started
from consensus.message import Signed, compute_digest
from consensus.pbft.journal import durable_records
from consensus.pbft.messages import (
    Checkpoint,
    Commit,
    Decision,
    NewView,
    Observing,
    Prepare,
    Standing,
    ViewChange,
    Welcome,
)
from consensus.pbft.refusals import Refusal
from tests.consensus.pbft.bench import (
    GENESIS_ID,
    Bench,
    block_id_of,
    certificate,
    new_view,
    of_type,
    pre_prepare,
    refusals,
    said,
    seal,
    standing,
    view_change,
    vote,
)

VALUE = b"value"
OLD, NEW = Committee((0, 1, 2, 3), 1), Committee((0, 1, 2, 3, 4), 1)
WITHOUT_0 = Committee((1, 2, 3, 4), 1)
LAST = 8
"""The former committee's last height, two checkpoints on."""


def seat(
    me: ReplicaId | None = 1,
    committee: Committee = OLD,
    *,
    height: int = 0,
    until: int = LAST,
    former: Former | None = None,
    records: tuple[Any, ...] = (),
    fresh: bool = True,
) -> Bench:
    """A replica of a network where the committee changes."""
    spec = catalog.get("pbft")
    parameters = catalog.parse_parameters(spec, {"checkpoint_interval": 4, "window": 8})
    bench = Bench(spec.create(me, committee, parameters), committee)  # type: ignore[arg-type]
    block_id = block_id_of(height) if height else GENESIS_ID
    bench.feed(Started(records, height, block_id, committee, fresh, None, until, former))
    return bench


def follow(bench: Bench, to: int, next_: Committee = NEW, me: ReplicaId | None = 1) -> list[Effect]:
    """Execute what the former committee decided; the effects of the last step."""
    effects: list[Effect] = []
    for height in range(bench.replica.decided + 1, to + 1):
        bench.feed(Offered(height, (VALUE,), seal(height, VALUE)))
        committee = next_ if height == LAST else OLD
        until = 2 * LAST if height == LAST else LAST
        effects = bench.feed(Applied(height, block_id_of(height), committee, until, me))
    return effects


def stabilise(bench: Bench) -> list[Effect]:
    """The former committee's last checkpoint is stable."""
    return bench.hear(2, certificate(LAST, block_id_of(LAST)))


def first_change(signer: ReplicaId, view: int = 1) -> Any:
    """A view change for the first view of the new committee."""
    return view_change(signer, view, stable=certificate(LAST, block_id_of(LAST)))


def test_nothing_is_believed_above_what_is_known() -> None:
    bench = seat()
    height = LAST + 1
    digest = compute_digest(VALUE)
    for sender, message in (
        (0, pre_prepare(0, 0, height, VALUE)),
        (2, vote(2, Prepare(0, height, digest))),
        (2, vote(2, Commit(0, height, digest))),
        (2, Decision(height, (VALUE,), seal(height, VALUE))),
        (2, vote(2, Checkpoint(LAST + 4, block_id_of(LAST + 4)))),
        (2, certificate(LAST + 4, block_id_of(LAST + 4))),
        (2, view_change(2, 1, stable=certificate(LAST, block_id_of(LAST)))),
        (1, new_view(1, *(first_change(member) for member in (0, 2, 3)))),
    ):
        assert refusals(bench.hear(sender, message)) == [Refusal.BEYOND_WINDOW], message
    assert bench.replica.slots == {}
    assert bench.replica.stable == 0


def test_an_offered_height_waits_too() -> None:
    bench, effects = seat(until=2), []
    for height in (1, 2, 3):
        effects = bench.feed(Offered(height, (VALUE,), seal(height, VALUE)))
    assert refusals(effects) == [Refusal.BEYOND_WINDOW]
    assert bench.replica.decided == 2


def test_a_primary_proposes_up_to_the_last_height() -> None:
    bench = seat(me=0)
    follow(bench, LAST - 1, me=0)
    (request,) = of_type(bench.feed(Pending(True)), Request) or [Request(LAST, ())]
    assert request.height == LAST
    bench.feed(Offered(LAST, (VALUE,), seal(LAST, VALUE)))
    assert bench.replica.ordering.requested == LAST
    assert not of_type(bench.feed(Pending(False)), Request)


def test_the_last_checkpoint_comes_before_the_first_view() -> None:
    bench = seat()
    effects = follow(bench, LAST)
    assert said(effects) == [Checkpoint(LAST, block_id_of(LAST))]
    assert bench.standing == ("voter", 1, "view-change")
    assert bench.timers == {"resend"}
    effects = stabilise(bench)
    expected = ViewChange(1, LAST, certificate(LAST, block_id_of(LAST)).votes, ())
    assert [body for body in said(effects) if isinstance(body, ViewChange)] == [expected]
    assert of_type(effects, Rewrite)[-1] == Rewrite(durable_records(bench.replica))
    assert expected in durable_records(bench.replica)
    first = next(at for at, effect in enumerate(effects) if isinstance(effect, Broadcast))
    assert not of_type(effects[first:], Rewrite)


def test_a_quorum_of_the_new_committee_opens_it() -> None:
    bench = seat()
    bench.loop_back(follow(bench, LAST))
    bench.loop_back(stabilise(bench))
    assert not said(bench.votes(first_change(4), first_change(2)))
    opened = [b for b in said(bench.votes(first_change(3))) if isinstance(b, NewView)]
    assert [change.signer for change in opened[0].view_changes] == [1, 2, 3, 4]
    assert opened[0].proposals == ()


def test_two_are_not_enough_though_they_were_before() -> None:
    """Three of the first four opened views; of five it takes four."""
    bench = seat(me=2)
    follow(bench, LAST, me=2)
    stabilise(bench)
    few = new_view(1, *(first_change(member) for member in (0, 1, 3)), leader=1)
    assert refusals(bench.hear(1, few)) == [Refusal.BAD_NEW_VIEW]
    enough = new_view(1, *(first_change(member) for member in (0, 1, 3, 4)), leader=1)
    assert not refusals(bench.hear(1, enough))
    assert bench.standing == ("voter", 1, "normal")


def test_old_votes_are_void() -> None:
    bench = seat()
    follow(bench, LAST, WITHOUT_0)
    stabilise(bench)
    old = view_change(2, 5, stable=certificate(4, block_id_of(4)))
    assert refusals(bench.hear(2, old)) == [Refusal.BAD_CERTIFICATE]
    digest = compute_digest(VALUE)
    for message in (
        vote(0, Prepare(1, LAST + 1, digest)),
        vote(0, Commit(1, LAST + 1, digest)),
        first_change(0),
    ):
        assert refusals(bench.hear(0, message)) == [Refusal.NOT_A_MEMBER]
    late = vote(4, Checkpoint(LAST, block_id_of(LAST)))
    assert refusals(bench.hear(4, late)) == [Refusal.BELOW_WINDOW]


def test_a_new_member_does_not_sign_the_checkpoint_of_the_former_ones() -> None:
    bench = seat()
    follow(bench, LAST)
    own = vote(4, Checkpoint(LAST, block_id_of(LAST)))
    assert refusals(bench.hear(4, own)) == [Refusal.NOT_A_MEMBER]
    foreign = certificate(LAST, block_id_of(LAST), (2, 3, 4))
    assert refusals(bench.hear(2, foreign)) == [Refusal.BAD_CERTIFICATE]


def test_later_certificates_are_the_new_committees() -> None:
    bench = seat(me=2)
    follow(bench, LAST, WITHOUT_0, me=2)
    stabilise(bench)
    height = LAST + 4
    theirs = certificate(height, block_id_of(height), (0, 1, 2))
    assert refusals(bench.hear(3, theirs)) == [Refusal.BAD_CERTIFICATE]
    bench.hear(3, certificate(height, block_id_of(height), (1, 2, 4)))
    assert bench.replica.stable == height


def test_who_leaves_signs_to_the_end_and_then_follows() -> None:
    bench = seat(me=0)
    effects = follow(bench, LAST, WITHOUT_0, me=None)
    assert Checkpoint(LAST, block_id_of(LAST)) in said(effects)
    assert bench.standing[0] == "follower"
    assert Checkpoint(LAST, block_id_of(LAST)) in said(bench.elapse("resend"))
    effects = stabilise(bench)
    assert not said(effects)
    assert bench.timers == set()
    late = bench.hear(2, standing(0, LAST, asks=True))
    assert certificate(LAST, block_id_of(LAST)) in said(late)
    assert bench.hear(1, new_view(1, *map(first_change, (1, 2, 4)), leader=2))


def test_who_comes_votes_from_the_first_view_on() -> None:
    bench = seat(me=None)
    follow(bench, LAST, me=4)
    assert bench.standing == ("voter", 1, "view-change")
    effects = stabilise(bench)
    assert Broadcast in map(type, effects)
    assert [type(body) for body in said(effects)] == [ViewChange, Standing]
    bench.hear(1, new_view(1, *map(first_change, (0, 1, 2, 3)), leader=1))
    bench.hear(1, pre_prepare(1, 1, LAST + 1, VALUE))
    (prepare,) = said(bench.check(VALUE))
    assert isinstance(prepare, Prepare)


def test_who_does_not_remember_observes_first() -> None:
    lost = seat(me=None, fresh=False)
    assert not lost.replica.remembers
    again = seat(me=None, fresh=False, records=(Observing(0),))
    for bench in (lost, again):
        follow(bench, LAST, me=4)
        assert bench.standing[0] == "observer"
        assert not [body for body in said(stabilise(bench)) if isinstance(body, ViewChange)]
        assert isinstance(durable_records(bench.replica)[0], Observing)


def test_it_observes_no_longer_than_it_must() -> None:
    """Once it is welcome and a checkpoint covers its barrier, it votes, also after a restart."""
    bench = seat(me=None, fresh=False)
    follow(bench, LAST, me=4)
    stabilise(bench)
    barrier = bench.replica.barrier
    assert barrier == LAST + 4 + 8
    for member in (0, 1, 2):
        bench.hear(member, Welcome(barrier, 0, ()))
    signers = (0, 1, 2, 3)
    for height in range(LAST + 1, barrier + 1):
        bench.feed(Offered(height, (VALUE,), seal(height, VALUE, 1, signers)))
        bench.feed(Applied(height, block_id_of(height), NEW, 4 * LAST, 4))
    bench.hear(1, certificate(barrier, block_id_of(barrier), signers))
    assert bench.standing[0] == "voter"
    assert not [r for r in durable_records(bench.replica) if isinstance(r, Observing)]


def test_a_loss_is_written_down_where_it_can_matter() -> None:
    spec = catalog.get("pbft")
    for until, expected in ((LAST, [Persist(Observing(0))]), (None, [])):
        engine = spec.create(None, OLD, catalog.parse_parameters(spec, {}))
        bench = Bench(engine, OLD)  # type: ignore[arg-type]
        started = Started((), 0, GENESIS_ID, OLD, False, None, until)
        assert of_type(bench.feed(started), Persist) == expected


def test_a_late_member_is_told_what_it_missed() -> None:
    bench = seat()
    follow(bench, LAST)
    bench.loop_back(stabilise(bench))
    effects = bench.hear(4, standing(1, LAST, active=False, stable=LAST, asks=True))
    sent = [effect for effect in of_type(effects, Send) if isinstance(effect.message, Signed)]
    changes = [effect for effect in sent if isinstance(effect.message.body, ViewChange)]
    assert [(change.to, change.message.body.view) for change in changes] == [(4, 1)]


def test_a_view_change_just_before_leads_past_it() -> None:
    """It had left for view 3; the heights came from others; the first view is 4."""
    bench = seat()
    for member in (0, 2):
        bench.hear(member, view_change(member, 3))
    assert bench.standing == ("voter", 3, "view-change")
    follow(bench, LAST)
    effects = stabilise(bench)
    (change,) = (body for body in said(effects) if isinstance(body, ViewChange))
    assert (change.view, change.stable, change.prepared) == (4, LAST, ())


def test_a_view_change_just_after_is_the_new_committees() -> None:
    bench = seat()
    follow(bench, LAST)
    bench.loop_back(stabilise(bench))
    bench.votes(first_change(3, view=2), first_change(4, view=2))
    assert bench.standing == ("voter", 2, "view-change")
    assert bench.replica.primary == 2


def test_a_change_that_was_not_announced_is_refused() -> None:
    bench = seat()
    follow(bench, 3)
    bench.feed(Offered(4, (VALUE,), seal(4, VALUE)))
    effects = bench.feed(Applied(4, block_id_of(4), NEW, 2 * LAST, 1))
    assert refusals(effects) == [Refusal.COMMITTEE_CHANGE]
    assert bench.replica.committee == OLD


FORMER = Former(LAST, OLD)


def restart(bench: Bench, me: ReplicaId, committee: Committee) -> Bench:
    """The same replica on what it wrote down last, beside a ledger at the last height."""
    records = durable_records(bench.replica)
    return seat(
        me, committee, height=LAST, until=2 * LAST, former=FORMER, records=records, fresh=False
    )


@pytest.mark.parametrize("is_stable", [False, True])
def test_a_restart_at_the_boundary_says_the_same_again(is_stable: bool) -> None:
    bench = seat()
    follow(bench, LAST)
    changes = stabilise(bench) if is_stable else []
    again = restart(bench, 1, NEW)
    assert again.standing == ("voter", 1, "view-change")
    assert again.replica.handing_over is not is_stable
    if is_stable:
        effects = again.elapse("resend")
        first = [body for body in said(changes) if isinstance(body, ViewChange)]
        assert [body for body in said(effects) if isinstance(body, ViewChange)] == first
    else:
        assert Checkpoint(LAST, block_id_of(LAST)) in said(again.elapse("resend"))


def test_a_restart_between_the_checkpoint_and_the_view_change_keeps_the_number() -> None:
    """In view 3, open, when the last height came: no restart may fall back to view 1."""
    bench = seat()
    bench.votes(view_change(0, 3), view_change(2, 3))
    bench.hear(3, new_view(3, *(view_change(member, 3) for member in (0, 1, 2))))
    assert bench.standing == ("voter", 3, "normal")
    follow(bench, LAST)
    assert restart(bench, 1, NEW).standing == ("voter", 4, "view-change")
    stabilise(bench)
    assert restart(bench, 1, NEW).standing == ("voter", 4, "view-change")


def test_a_restart_in_the_first_view_stays_there() -> None:
    bench = seat()
    follow(bench, LAST)
    bench.loop_back(stabilise(bench))
    bench.loop_back(bench.votes(*map(first_change, (2, 3, 4))))
    assert bench.standing == ("voter", 1, "normal")
    assert restart(bench, 1, NEW).standing == ("voter", 1, "normal")


def test_who_left_and_restarts_still_owes_the_checkpoint() -> None:
    bench = seat(me=0)
    follow(bench, LAST, WITHOUT_0, me=None)
    again = restart(bench, 0, WITHOUT_0)
    assert again.standing[0] == "follower"
    assert Checkpoint(LAST, block_id_of(LAST)) in said(again.elapse("resend"))
    stabilise(again)
    assert restart(again, 0, WITHOUT_0).timers == set()


def test_a_follower_judges_on_both_sides() -> None:
    bench = seat(me=None)
    follow(bench, LAST, WITHOUT_0, me=None)
    assert bench.standing[0] == "follower"
    assert bench.timers == set()
    height = LAST + 1
    old = bench.feed(Offered(height, (VALUE,), seal(height, VALUE)))
    assert refusals(old) == [Refusal.BAD_SEAL]
    bench.feed(Offered(height, (VALUE,), seal(height, VALUE, 1, (1, 2, 4))))
    assert bench.replica.decided == height
