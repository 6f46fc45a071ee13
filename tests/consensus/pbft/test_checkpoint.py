"""Castro and Liskov 1999, 4.3: checkpoints, water marks, certificates."""

from consensus.committee import Committee
from consensus.effects import (
    Accuse,
    Behind,
    Broadcast,
    Certify,
    Diverge,
    Effect,
    Ignore,
    Request,
    Rewrite,
)
from consensus.events import Applied, Pending, Proposed
from consensus.message import Signed, compute_digest
from consensus.pbft.checkpoint import CERTIFICATES_WAITING
from consensus.pbft.messages import Accepted, Checkpoint, Commit, Prepare
from consensus.pbft.refusals import Refusal
from consensus.pbft.replica import Role
from tests.consensus.pbft.bench import (
    Bench,
    block_id_of,
    certificate,
    make_bench,
    of_type,
    pre_prepare,
    refusals,
    said,
    vote,
)

EIGHT = Checkpoint(8, block_id_of(8))


def at_eight() -> Bench:
    """A backup that decided and executed eight heights."""
    bench = make_bench(me=1)
    for height in range(1, 9):
        bench.decide(height, b"value %d" % height)
    return bench


def test_every_k_heights_the_block_id_is_signed_durably() -> None:
    bench = make_bench(me=1)
    for height in range(1, 8):
        assert not of_type(bench.decide(height, b"value %d" % height), Certify)
    effects = bench.decide(8, b"value 8")
    written, said = effects[-2:]
    assert isinstance(written, Rewrite)  # with the ledger: the vote says that the block is kept
    assert EIGHT in written.records
    assert said == Broadcast(Signed(1, EIGHT))


def test_a_quorum_makes_it_stable_and_shortens_the_journal() -> None:
    bench = at_eight()
    bench.hear(0, pre_prepare(0, 0, 9, b"ninth"))
    bench.check(b"ninth")
    bench.votes(vote(0, EIGHT), vote(2, EIGHT))
    effects = bench.votes(vote(3, EIGHT))
    found = certificate(8, block_id_of(8), (0, 2, 3))
    [rewrite] = of_type(effects, Rewrite)
    assert [type(record) for record in rewrite.records] == [type(found), Accepted]
    assert of_type(effects, Certify) == [Certify(8, found)]
    assert bench.replica.floor == 8
    assert bench.replica.ceiling == 40
    assert set(bench.replica.slots) == {9}


def test_votes_for_other_ids_do_not_add_up() -> None:
    bench = at_eight()
    other = Checkpoint(8, compute_digest(b"other"))
    effects = bench.votes(vote(0, EIGHT), vote(2, other), vote(1, EIGHT))
    assert not of_type(effects, Certify)


def test_two_ids_for_one_height_convict_their_signer() -> None:
    bench = at_eight()
    first, second = vote(3, EIGHT), vote(3, Checkpoint(8, compute_digest(b"other")))
    assert of_type(bench.votes(first, second), Accuse) == [Accuse(3, (first, second))]


def test_a_quorum_for_another_id_than_ones_own_halts() -> None:
    bench = at_eight()
    other = Checkpoint(8, compute_digest(b"other"))
    effects = bench.votes(*[vote(r, other) for r in (0, 2, 3)])
    assert of_type(effects, Diverge) == [Diverge(8, block_id_of(8), other.block_id)]
    assert not of_type(effects, Certify)
    assert bench.replica.role is Role.HALTED
    assert all(isinstance(e, Ignore) for e in bench.feed(Pending(some=True)))


def test_divergence_is_found_when_the_certificate_came_first() -> None:
    bench = make_bench(me=1)
    bench.votes(*[vote(r, EIGHT) for r in (0, 2, 3)])
    for height in range(1, 8):
        bench.decide(height, b"value %d" % height)
    effects = bench.apply(8, compute_digest(b"mine"))
    assert of_type(effects, Diverge) == [Diverge(8, compute_digest(b"mine"), block_id_of(8))]


def test_a_certificate_ahead_moves_the_marks_at_once_and_certifies_later() -> None:
    bench = make_bench(me=1)
    effects = bench.hear(2, certificate(8, block_id_of(8)))
    assert bench.replica.stable == 8
    assert of_type(effects, Rewrite)
    assert not of_type(effects, Certify)
    for height in range(1, 8):
        assert not of_type(bench.decide(height, b"value %d" % height), Certify)
    assert of_type(bench.decide(8, b"value 8"), Certify)


def test_the_window_ends_at_the_high_water_mark() -> None:
    bench = make_bench(me=1)
    assert refusals(bench.hear(0, pre_prepare(0, 0, 33, b"far"))) == [Refusal.BEYOND_WINDOW]
    bench.hear(2, certificate(8, block_id_of(8)))
    assert not refusals(bench.hear(0, pre_prepare(0, 0, 33, b"far")))


def test_the_primary_waits_at_the_high_water_mark() -> None:
    bench = make_bench(me=0, checkpoint_interval=1, window=2, pipeline=1)
    effects: list[Effect] = []
    for height in (1, 2):
        value = b"value %d" % height
        digest = compute_digest(value)
        bench.loop_back(bench.feed(Proposed(height, value)))
        bench.loop_back(bench.votes(*[vote(r, Prepare(0, height, digest)) for r in (1, 2)]))
        effects = bench.votes(*[vote(r, Commit(0, height, digest)) for r in (1, 2)])
        bench.apply(height)
    assert bench.replica.decided == 2
    assert not of_type(effects, Request)
    ids = Checkpoint(1, block_id_of(1))
    assert of_type(bench.votes(*[vote(r, ids) for r in (1, 2, 3)]), Request)[0].height == 3


def test_stale_and_odd_checkpoints_are_refused() -> None:
    bench = at_eight()
    odd = vote(2, Checkpoint(9, block_id_of(9)))
    assert refusals(bench.votes(odd)) == [Refusal.NOT_A_CHECKPOINT]
    bench.votes(*[vote(r, EIGHT) for r in (0, 2, 3)])
    assert refusals(bench.votes(vote(1, EIGHT))) == [Refusal.BELOW_WINDOW]
    assert refusals(bench.hear(2, certificate(8, block_id_of(8)))) == [Refusal.DUPLICATE]
    forged = certificate(16, block_id_of(16), (0, 1))
    assert refusals(bench.hear(2, forged)) == [Refusal.BAD_CERTIFICATE]


def test_f_plus_1_checkpoints_far_ahead_say_that_one_is_behind() -> None:
    bench = make_bench(me=1)
    far = Checkpoint(80, block_id_of(80))
    assert not of_type(bench.votes(vote(2, far)), Behind)
    assert of_type(bench.votes(vote(3, far)), Behind) == [Behind(80)]


def test_certificates_that_wait_are_bounded() -> None:
    bench = make_bench(me=1)
    for height in range(8, 8 * 30, 8):
        bench.hear(2, certificate(height, block_id_of(height)))
    assert len(bench.replica.uncertified) <= CERTIFICATES_WAITING
    assert bench.replica.stable == 8 * 29


def test_the_chain_at_rest_is_certified_and_quiet() -> None:
    bench = at_eight()
    bench.votes(*[vote(r, EIGHT) for r in (0, 2, 3)])
    assert bench.timers == set()


def test_another_committee_is_refused_by_name() -> None:
    bench = make_bench(me=1)
    effects = bench.feed(Applied(1, block_id_of(1), Committee.of(5, 1)))
    assert refusals(effects) == [Refusal.COMMITTEE_CHANGE]
    assert bench.replica.committee.size == 4


def test_a_vote_is_cast_again_after_the_heights_were_offered() -> None:
    """A replica that caught up without certificates still signs within the window."""
    bench = make_bench(me=1)
    for height in range(1, 8):
        bench.decide(height, b"value %d" % height)
    assert EIGHT in said(bench.decide(8, b"value 8"))
