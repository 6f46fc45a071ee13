"""Standing up again: torn journals, votes said again, lost journals."""

from typing import Any

import pytest

from consensus.effects import Broadcast, Certify, Check, Decide, Persist, Rewrite, Send
from consensus.events import Proposed, Started
from consensus.message import NULL_DIGEST, Signed, compute_digest
from consensus.pbft.journal import durable_records
from consensus.pbft.messages import (
    Accepted,
    Checkpoint,
    Commit,
    Decision,
    NewView,
    Observing,
    Prepare,
    PrePrepare,
    Proposal,
    Standing,
    ViewChange,
)
from consensus.pbft.refusals import Refusal
from tests.consensus.pbft.bench import (
    block_id_of,
    certificate,
    make_bench,
    new_view,
    of_type,
    pre_prepare,
    prepared,
    refusals,
    said,
    seal,
    view_change,
    vote,
)

VALUE = b"value"
DIGEST = compute_digest(VALUE)
ACCEPTED = Accepted(vote(0, Proposal(0, 1, DIGEST)), VALUE)


def restarted(me: int, *records: Any, height: int = 0) -> tuple[Any, list[Any]]:
    """A replica that starts from records, and what it then does."""
    bench = make_bench(me=me, start=False)
    block_id = block_id_of(height) if height else bytes(32)
    return bench, bench.feed(Started(records, height, block_id, bench.committee, fresh=False))


def test_a_fresh_replica_says_nothing() -> None:
    bench = make_bench(me=1, start=False)
    assert not said(bench.feed(Started((), 0, bytes(32), bench.committee, fresh=True)))
    assert bench.standing[0] == "voter"


def test_starting_twice_is_refused() -> None:
    bench = make_bench(me=1)
    effects = bench.feed(Started((), 5, bytes(32), bench.committee))
    assert refusals(effects) == [Refusal.DUPLICATE]


def test_a_backup_says_its_prepare_again() -> None:
    _, effects = restarted(1, ACCEPTED)
    assert Prepare(0, 1, DIGEST) in said(effects)
    assert of_type(effects, Check) == [Check(1, DIGEST, VALUE, forced=True)]
    assert not of_type(effects, Persist)


def test_and_will_not_prepare_another_value() -> None:
    bench, _ = restarted(1, ACCEPTED)
    effects = bench.hear(0, pre_prepare(0, 0, 1, b"other"))
    assert refusals(effects) == [Refusal.EQUIVOCATION]
    assert not said(effects + bench.check(b"other"))


def test_the_primary_proposes_the_same_again_and_goes_on_after_it() -> None:
    own = Accepted(Signed(0, Proposal(0, 1, DIGEST)), VALUE)
    bench, effects = restarted(0, own)
    assert {send.to for send in of_type(effects, Send)} == {0, 1, 2, 3}
    assert all(
        send.message == PrePrepare(Signed(0, Proposal(0, 1, DIGEST)), VALUE)
        for send in of_type(effects, Send)
    )
    assert bench.replica.ordering.next_height == 2
    assert refusals(bench.feed(Proposed(1, b"other"))) == [Refusal.UNWANTED]


def test_a_crash_between_prepared_and_committed_keeps_the_commit() -> None:
    cert = prepared(0, 1, DIGEST)
    bench, effects = restarted(1, ACCEPTED, cert)
    assert Commit(0, 1, DIGEST) in said(effects)
    bench.check(VALUE)
    effects = bench.votes(*[vote(r, Commit(0, 1, DIGEST)) for r in (0, 1, 2)])
    assert of_type(effects, Decide)


def test_a_ledger_ahead_makes_older_records_silent() -> None:
    cert = prepared(0, 1, DIGEST)
    bench, effects = restarted(1, ACCEPTED, cert, height=3)
    assert [type(body) for body in said(effects)] == [Standing]
    assert bench.replica.decided == 3


def test_but_a_view_change_still_carries_their_certificates() -> None:
    cert = prepared(0, 1, DIGEST)
    bench, _ = restarted(1, ACCEPTED, cert, height=3)
    [change] = [b for b in said(bench.leave()) if isinstance(b, ViewChange)]
    assert change.prepared == (cert,)


def test_the_view_is_remembered() -> None:
    signed = new_view(1, *[view_change(r, 1) for r in (0, 1, 3)])
    bench, _ = restarted(2, signed)
    assert bench.standing == ("voter", 1, "normal")
    assert refusals(bench.hear(0, pre_prepare(0, 0, 1, VALUE))) == []
    assert not said(bench.check(VALUE))


def test_a_view_that_was_asked_for_is_remembered() -> None:
    change = ViewChange(3, 0, (), ())
    bench, effects = restarted(2, change)
    assert bench.standing == ("voter", 3, "view-change")
    assert said(effects)[0] == change


def test_what_a_new_view_imposed_is_remembered() -> None:
    changes = [view_change(r, 1, certificates=(prepared(0, 1, NULL_DIGEST),)) for r in (0, 1, 3)]
    bench, effects = restarted(2, new_view(1, *changes))
    assert Prepare(1, 1, NULL_DIGEST) in said(effects)
    assert bench.replica.imposed_to == 1


def test_a_new_primary_announces_the_same_view_again() -> None:
    changes = tuple(view_change(r, 1) for r in (1, 2, 3))
    unsigned = Signed(1, NewView(1, changes, ()))
    bench, effects = restarted(1, ViewChange(1, 0, (), ()), unsigned)
    assert unsigned in [b.message for b in of_type(effects, Broadcast)]
    assert bench.standing == ("voter", 1, "view-change")
    bench.loop_back(effects)
    assert bench.standing == ("voter", 1, "normal")
    assert bench.replica.is_leading


def test_a_checkpoint_vote_is_said_again() -> None:
    vote_of_mine = Checkpoint(8, block_id_of(8))
    _, effects = restarted(1, vote_of_mine, height=9)
    assert vote_of_mine in said(effects)


def test_a_checkpoint_vote_that_was_never_written_is_cast_at_its_height() -> None:
    _, effects = restarted(1, ACCEPTED, height=8)
    written = [effect.records for effect in effects if isinstance(effect, Rewrite)]
    assert any(Checkpoint(8, block_id_of(8)) in records for records in written)


def test_a_certificate_is_handed_to_the_ledger_again() -> None:
    """Found by reading: a crash between the journal's write and the ledger's lost it."""
    found = certificate(8, block_id_of(8))
    bench, effects = restarted(1, found, height=8)
    assert of_type(effects, Certify) == [Certify(8, found)]
    assert bench.replica.stable == 8


def test_a_journal_ahead_of_the_ledger_waits_for_it() -> None:
    found = certificate(8, block_id_of(8))
    bench, effects = restarted(1, found, height=7)
    assert not of_type(effects, Certify)
    assert of_type(bench.apply(8), Certify)


def test_a_lost_journal_makes_an_observer() -> None:
    bench, effects = restarted(1)
    assert bench.standing[0] == "observer"
    assert of_type(effects, Persist) == [Persist(Observing(0))]
    assert [type(body) for body in said(effects)] == [Standing]
    effects = bench.hear(0, pre_prepare(0, 0, 1, VALUE)) + bench.check(VALUE)
    effects += bench.votes(vote(2, Prepare(0, 1, DIGEST)), vote(3, Prepare(0, 1, DIGEST)))
    effects += bench.votes(view_change(0, 1), view_change(2, 1), view_change(3, 1))
    assert not said(effects)


def test_an_observer_stays_one_across_restarts() -> None:
    bench, effects = restarted(1, Observing(0))
    assert bench.standing[0] == "observer"
    assert not of_type(effects, Persist)


def test_a_single_replica_has_nobody_to_contradict() -> None:
    bench = make_bench(me=0, size=1, start=False)
    bench.feed(Started((), 4, block_id_of(4), bench.committee, fresh=False))
    assert bench.standing[0] == "voter"


def test_a_stranger_to_the_committee_follows() -> None:
    bench = make_bench(me=7, start=False)
    bench.feed(Started((), 0, bytes(32), bench.committee))
    assert bench.standing[0] == "follower"
    assert bench.replica.me is None


def test_a_value_that_a_certificate_needs_survives_a_rewrite() -> None:
    """Found by thinking of a cold restart: nobody else may have it any more."""
    bench = make_bench(me=2)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    bench.loop_back(bench.check(VALUE))
    bench.loop_back(bench.votes(vote(1, Prepare(0, 1, DIGEST))))
    newer = prepared(1, 1, NULL_DIGEST)
    bench.hear(3, new_view(3, *[view_change(r, 3, certificates=(newer,)) for r in (0, 1, 3)]))
    slot = bench.replica.slots[1]
    assert (slot.accepted_view, slot.certificate_view) == (3, 0)
    again, _ = restarted(2, *durable_records(bench.replica))
    assert again.replica.slots[1].values == {DIGEST: VALUE}
    assert again.replica.slots[1].certificate == slot.certificate


@pytest.mark.parametrize("me", [0, 1])
def test_records_make_the_same_replica_again(me: int) -> None:
    """Reading back what was written gives the promises that were made, not more and not less."""
    bench = make_bench(me=me)
    bench.hear(3, new_view(3, *[view_change(r, 3) for r in (0, 2, 3)]))
    bench.hear(3, pre_prepare(3, 3, 1, VALUE))
    bench.loop_back(bench.check(VALUE))
    bench.loop_back(
        bench.votes(vote(2, Prepare(3, 1, DIGEST)), vote(1 - me, Prepare(3, 1, DIGEST)))
    )
    records = durable_records(bench.replica)
    again, _ = restarted(me, *records)
    assert durable_records(again.replica) == records


# Found by the law that what is said was written: a certificate took the record of a vote along.


@pytest.mark.parametrize("is_decided", [False, True])
def test_a_vote_outlives_a_stable_checkpoint_until_its_height_is_executed(is_decided: bool) -> None:
    bench = make_bench(me=1, checkpoint_interval=1, window=2, pipeline=1)
    bench.hear(0, pre_prepare(0, 0, 1, VALUE))
    assert said(bench.check(VALUE)) == [Prepare(0, 1, DIGEST)]
    if is_decided:
        bench.hear(3, Decision(1, (VALUE,), seal(1, VALUE)))
    effects = bench.hear(2, certificate(1, block_id_of(1)))
    [rewrite] = of_type(effects, Rewrite)
    assert (bench.replica.decided, bench.replica.stable) == (int(is_decided), 1)
    again, _ = restarted(1, *rewrite.records)
    assert refusals(again.hear(0, pre_prepare(0, 0, 1, b"other"))) == [Refusal.EQUIVOCATION]
    assert not said(again.check(b"other"))


def test_and_no_longer() -> None:
    bench = make_bench(me=1, checkpoint_interval=1, window=2, pipeline=1)
    bench.hear(2, certificate(1, block_id_of(1)))
    bench.decide(1, VALUE)
    assert not bench.replica.slots
    assert durable_records(bench.replica) == (certificate(1, block_id_of(1)),)
