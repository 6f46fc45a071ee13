"""Every probe is reached by the situation that it names, counts it once, and nothing by refusals."""

from collections.abc import Callable
from typing import Any

import pytest

from consensus import catalog
from consensus.effects import Ignore
from consensus.events import Offered, Pending, Proposed, Received, Started
from consensus.message import NULL_DIGEST, Signed, compute_digest
from consensus.pbft.messages import (
    Accepted,
    Checkpoint,
    Commit,
    Decision,
    Prepare,
    Proposal,
    Tell,
    ViewChange,
    Welcome,
)
from consensus.pbft.probes import PROBES
from consensus.pbft.suspicion import SUSPICION_HEIGHTS
from tests.consensus.pbft.bench import (
    Bench,
    block_id_of,
    certificate,
    make_bench,
    new_view,
    pre_prepare,
    prepared,
    seal,
    standing,
    view_change,
    vote,
)

VALUE = b"value"
DIGEST = compute_digest(VALUE)
ACCEPTED = Accepted(vote(0, Proposal(0, 1, DIGEST)), VALUE)
CHANGES = tuple(view_change(r, 1) for r in (0, 1, 3))


def restarted(*records: Any, height: int = 0, me: int = 1) -> Bench:
    """A replica that starts from records."""
    bench = make_bench(me=me, start=False)
    block_id = block_id_of(height) if height else bytes(32)
    bench.feed(Started(records, height, block_id, bench.committee, fresh=False))
    return bench


def open_view(*certificates: Any) -> Bench:
    """A new view that carries certificates; heard twice, as after a resend."""
    bench = make_bench(me=2)
    changes = [view_change(r, 1, certificates=certificates) for r in (0, 1, 3)]
    for _ in range(2):
        bench.hear(1, new_view(1, *changes))
    return bench


def changing() -> Bench:
    """A replica that left view 0, with a quorum."""
    bench = make_bench(me=2)
    bench.feed(Pending(some=True))
    bench.loop_back(bench.leave())
    bench.votes(view_change(1, 1), view_change(3, 1))
    return bench


def skip_view() -> Bench:
    bench = changing()
    bench.elapse("progress")
    return bench


def join_view() -> Bench:
    bench = make_bench(me=2)
    bench.votes(view_change(0, 6), view_change(1, 4), view_change(0, 6))
    return bench


def withdraw() -> Bench:
    bench = make_bench(me=2)
    bench.feed(Pending(some=True))
    bench.elapse("progress")
    bench.decide(1, VALUE)
    bench.decide(2, b"more")
    return bench


def suspect_censor() -> Bench:
    bench = make_bench(me=2)
    for _ in range(2):
        bench.feed(Pending(some=True, overdue=True))
    return bench


def equivocate() -> Bench:
    bench = make_bench(me=2)
    for value in (VALUE, b"other", b"third"):
        bench.hear(0, pre_prepare(0, 0, 1, value))
    return bench


def overtake() -> Bench:
    bench = make_bench(me=1)
    for _ in range(2):
        bench.hear(2, certificate(8, block_id_of(8)))
    return bench


def fill_window() -> Bench:
    bench = make_bench(me=0, checkpoint_interval=1, window=2, pipeline=1)
    for height in (1, 2):
        value = b"value %d" % height
        digest = compute_digest(value)
        bench.loop_back(bench.feed(Proposed(height, value)))
        bench.votes(*[vote(r, Prepare(0, height, digest)) for r in (1, 2, 3)])
        bench.votes(*[vote(r, Commit(0, height, digest)) for r in (1, 2, 3)])
        bench.apply(height)
    bench.feed(Pending(some=True))
    return bench


def fetch_value() -> Bench:
    bench = open_view(prepared(0, 1, DIGEST))
    for _ in range(2):
        bench.hear(3, Tell(1, VALUE))
    return bench


def take_decision() -> Bench:
    bench = make_bench(me=1)
    for sender in (3, 2):
        bench.hear(sender, Decision(1, (VALUE,), seal(1, VALUE)))
    bench.check(VALUE)
    return bench


def take_offer() -> Bench:
    bench = make_bench(me=1)
    for _ in range(2):
        bench.feed(Offered(1, (VALUE,), seal(1, VALUE)))
    return bench


def observe() -> Bench:
    bench = make_bench(me=1, fresh=False, start=False)
    for _ in range(2):
        bench.feed(Started((), 0, bytes(32), bench.committee, fresh=False))
    return bench


def free_observer() -> Bench:
    bench = make_bench(me=1, fresh=False, checkpoint_interval=1, window=2, pipeline=1)
    for sender in (2, 3):
        bench.hear(sender, standing(0, 1))
    for sender in (2, 3):
        bench.hear(sender, Welcome(4, 0, ()))
    bench.hear(2, certificate(4, block_id_of(4)))
    for height in (1, 2, 3, 4):
        bench.feed(Offered(height, (VALUE,), seal(height, VALUE)))
        bench.apply(height)
    return bench


SITUATIONS: dict[str, Callable[[], Bench]] = {
    "certificate_carried": lambda: open_view(prepared(0, 1, DIGEST), prepared(0, 2, DIGEST)),
    "null_imposed": lambda: open_view(prepared(0, 3, DIGEST)),
    "view_skipped": skip_view,
    "view_joined": join_view,
    "suspicion_withdrawn": withdraw,
    "censor_suspected": suspect_censor,
    "equivocation_seen": equivocate,
    "checkpoint_overtaken": overtake,
    "window_full": fill_window,
    "value_fetched": fetch_value,
    "decision_adopted": take_decision,
    "offered_adopted": take_offer,
    "restarted_prepared": lambda: restarted(ACCEPTED, prepared(0, 1, DIGEST)),
    "restarted_changing": lambda: restarted(ViewChange(1, 0, (), ())),
    "journal_ahead": lambda: restarted(Checkpoint(8, block_id_of(8)), height=7),
    "ledger_ahead": lambda: restarted(ACCEPTED, height=3),
    "observing": observe,
    "observer_freed": free_observer,
}


def test_the_catalog_lists_the_probes_and_each_has_its_situation() -> None:
    assert catalog.get("pbft").probes == PROBES
    assert list(SITUATIONS) == list(PROBES)


@pytest.mark.parametrize("name", PROBES)
def test_its_situation_is_counted_once(name: str) -> None:
    assert SITUATIONS[name]().replica.counters.get(name) == 1


@pytest.mark.parametrize("name", PROBES)
def test_what_an_account_shows_holds_it(name: str) -> None:
    bench = SITUATIONS[name]()
    assert catalog.get("pbft").account(bench.engine).counters[name] == 1


def test_a_quiet_run_meets_none() -> None:
    bench = make_bench(me=1)
    for height in range(1, 9):
        bench.decide(height, b"value %d" % height)
    bench.votes(*[vote(r, Checkpoint(8, block_id_of(8))) for r in (0, 2, 3)])
    assert bench.replica.stable == 8
    assert set(bench.replica.counters) == {"decided"}


def test_a_clean_restart_meets_none() -> None:
    bench = restarted(certificate(8, block_id_of(8)), height=8)
    assert bench.replica.counters == {}


def test_a_stable_checkpoint_above_the_ledger_puts_the_journal_ahead_too() -> None:
    bench = restarted(certificate(8, block_id_of(8)), height=7)
    assert bench.replica.counters["journal_ahead"] == 1


def test_an_empty_new_view_carries_nothing() -> None:
    assert open_view().replica.counters == {"views_entered": 1}


def test_a_null_forced_beside_a_value_is_both() -> None:
    counters = open_view(prepared(0, 2, DIGEST)).replica.counters
    assert (counters["certificate_carried"], counters["null_imposed"]) == (1, 1)
    counters = open_view(prepared(0, 1, NULL_DIGEST)).replica.counters
    assert "certificate_carried" not in counters


def test_a_value_that_comes_with_its_proposal_was_fetched_too() -> None:
    bench = open_view(prepared(0, 1, DIGEST))
    bench.hear(1, pre_prepare(1, 1, 1, VALUE))
    assert bench.replica.counters["value_fetched"] == 1


def test_a_censor_is_counted_each_time_it_is_said() -> None:
    bench = suspect_censor()
    for height in range(1, SUSPICION_HEIGHTS + 1):
        bench.decide(height, b"value %d" % height)
    assert bench.replica.counters["censor_suspected"] == 3
    assert bench.replica.counters["suspicions"] == 3


def test_the_window_is_full_again_in_another_view() -> None:
    bench = fill_window()
    changes = [view_change(r, 4, stable=None) for r in (0, 1, 3)]
    bench.hear(0, new_view(4, *changes, leader=0))
    assert bench.replica.is_leading
    assert bench.replica.counters["window_full"] == 2


def test_one_outside_the_committee_joins_no_view() -> None:
    bench = make_bench(me=None)
    bench.votes(view_change(0, 6), view_change(1, 4))
    assert "view_joined" not in bench.replica.counters


@pytest.mark.parametrize("name", PROBES)
def test_a_refusal_counts_nothing(name: str) -> None:
    """Whatever a replica refuses in that situation, from whomever, its counters stay."""
    bench = SITUATIONS[name]()
    before = dict(bench.replica.counters)
    refused = 0
    for sender in range(4):
        for message in (
            pre_prepare(0, 0, 0, VALUE),
            pre_prepare(3, 0, 1, VALUE),
            vote(3, Prepare(0, 500, DIGEST)),
            Signed(3, Commit(0, 0, DIGEST)),
            Decision(0, (VALUE,), seal(0, VALUE)),
            Tell(77, VALUE),
            certificate(8, block_id_of(8), (0, 1)),
            view_change(3, 0),
        ):
            effects = bench.feed(Received(sender, message))
            if effects and all(isinstance(effect, Ignore) for effect in effects):
                refused += 1
    assert refused == 32
    assert bench.replica.counters == before
