"""The proof rules: seals, certificates, view changes, new views."""

from typing import Any

import msgspec
import pytest

from consensus.committee import Committee
from consensus.message import NULL_DIGEST, compute_digest
from consensus.pbft.messages import (
    Checkpoint,
    CheckpointCertificate,
    Commit,
    CommitSeal,
    NewView,
    Prepare,
    PreparedCertificate,
    Proposal,
    ViewChange,
)
from consensus.pbft.quorums import (
    compute_proposals,
    is_prepared,
    is_valid_new_view,
    is_valid_view_change,
    judge_certificate,
    judge_seal,
)
from tests.consensus.pbft.bench import (
    block_id_of,
    certificate,
    new_view,
    prepared,
    seal,
    view_change,
    vote,
)

FOUR = Committee.of(4, 1)
A, B = compute_digest(b"a"), compute_digest(b"b")
replace = msgspec.structs.replace


def is_valid(signed: Any) -> bool:
    return is_valid_view_change(signed, FOUR, window=32, interval=8)


def opens(signed: Any) -> bool:
    return is_valid_new_view(signed, FOUR, window=32, interval=8)


def test_a_quorum_of_equal_commits_is_a_seal() -> None:
    assert judge_seal(seal(1, b"a"), 1, (b"a",), FOUR)
    assert judge_seal(seal(1, b""), 1, (), FOUR)


@pytest.mark.parametrize(
    ("found", "height", "values"),
    [
        (seal(1, b"a", signers=(0, 1)), 1, (b"a",)),
        (seal(1, b"a", signers=(0, 1, 1)), 1, (b"a",)),
        (seal(1, b"a", signers=(0, 1, 9)), 1, (b"a",)),
        (seal(1, b"a"), 2, (b"a",)),
        (seal(1, b"a"), 1, (b"b",)),
        (seal(1, b"a"), 1, ()),
        (seal(1, b"a"), 1, (b"a", b"a")),
        (seal(1, b""), 1, (b"",)),
        (CommitSeal(()), 1, (b"a",)),
        (CommitSeal((*seal(1, b"a").commits[:2], vote(2, Commit(1, 1, A)))), 1, (b"a",)),
    ],
    ids=["few", "twice", "stranger", "height", "value", "null", "two", "empty", "none", "views"],
)
def test_anything_else_is_not(found: CommitSeal, height: int, values: tuple[bytes, ...]) -> None:
    assert not judge_seal(found, height, values, FOUR)


def test_a_checkpoint_certificate_names_height_and_block_id() -> None:
    assert judge_certificate(certificate(8, A), FOUR) == (8, A)


@pytest.mark.parametrize(
    "found",
    [
        CheckpointCertificate(()),
        certificate(8, A, (0, 1)),
        certificate(8, A, (0, 1, 1)),
        certificate(8, A, (0, 1, 7)),
        CheckpointCertificate((*certificate(8, A, (0, 1)).votes, vote(2, Checkpoint(8, B)))),
        CheckpointCertificate((*certificate(8, A, (0, 1)).votes, vote(2, Checkpoint(16, A)))),
    ],
)
def test_forged_checkpoint_certificates(found: CheckpointCertificate) -> None:
    assert judge_certificate(found, FOUR) is None


def test_the_primarys_proposal_counts_as_its_prepare() -> None:
    assert len(prepared(0, 1, A).prepares) + 1 == FOUR.quorum
    assert is_prepared(prepared(0, 1, A), FOUR)


@pytest.mark.parametrize(
    "forged",
    [
        PreparedCertificate(prepared(0, 1, A).proposal, prepared(0, 1, A).prepares[:1]),
        PreparedCertificate(vote(1, Proposal(0, 1, A)), prepared(0, 1, A).prepares),
        PreparedCertificate(prepared(0, 1, A).proposal, (vote(0, Prepare(0, 1, A)),) * 2),
        PreparedCertificate(
            prepared(0, 1, A).proposal, (vote(0, Prepare(0, 1, A)), vote(1, Prepare(0, 1, A)))
        ),
        PreparedCertificate(prepared(0, 1, A).proposal, (vote(1, Prepare(0, 1, A)),) * 2),
        PreparedCertificate(
            prepared(0, 1, A).proposal, (vote(1, Prepare(0, 1, A)), vote(8, Prepare(0, 1, A)))
        ),
        PreparedCertificate(prepared(0, 1, A).proposal, prepared(0, 1, B).prepares),
        PreparedCertificate(prepared(0, 1, A).proposal, prepared(0, 2, A).prepares),
        PreparedCertificate(
            prepared(0, 1, A).proposal, tuple(vote(r, Prepare(1, 1, A)) for r in (1, 2))
        ),
    ],
    ids=["few", "leader", "itself", "itself+", "twice", "stranger", "digest", "height", "view"],
)
def test_forged_prepared_certificates(forged: PreparedCertificate) -> None:
    assert not is_prepared(forged, FOUR)
    assert not is_valid(view_change(2, 1, certificates=(forged,)))


def test_view_changes_with_proofs_are_valid() -> None:
    assert is_valid(view_change(2, 1))
    assert is_valid(view_change(2, 1, certificates=(prepared(0, 1, A), prepared(0, 32, A))))
    stable = certificate(8, block_id_of(8))
    assert is_valid(view_change(2, 5, stable=stable, certificates=(prepared(4, 9, A),)))


@pytest.mark.parametrize(
    "forged",
    [
        view_change(7, 1),
        view_change(2, 1, certificates=(prepared(1, 1, A),)),
        view_change(2, 1, certificates=(prepared(0, 33, A),)),
        view_change(2, 1, certificates=(prepared(0, 2, A), prepared(0, 1, A))),
        view_change(2, 1, certificates=(prepared(0, 1, A), prepared(0, 1, A))),
        view_change(2, 1, stable=certificate(8, A), certificates=(prepared(0, 8, A),)),
        view_change(2, 1, stable=certificate(8, A, (0, 1))),
        view_change(2, 1, stable=certificate(7, A)),
        vote(2, ViewChange(1, 16, certificate(8, A).votes, ())),
        vote(2, ViewChange(1, 8, (), ())),
        vote(2, ViewChange(1, 0, certificate(8, A).votes, ())),
    ],
    ids=[
        "stranger",
        "same view",
        "above",
        "order",
        "twice",
        "below",
        "few",
        "interval",
        "other height",
        "no proof",
        "proof of nothing",
    ],
)
def test_forged_view_changes(forged: Any) -> None:
    assert not is_valid(forged)


def test_nothing_prepared_imposes_nothing() -> None:
    assert compute_proposals(1, [view_change(r, 1) for r in (1, 2, 3)]) == (0, ())


def test_the_certificate_of_the_highest_view_wins() -> None:
    older = view_change(1, 9, certificates=(prepared(4, 1, A),))
    newer = view_change(2, 9, certificates=(prepared(5, 1, B),))
    empty = view_change(3, 9)
    for order in ((older, newer, empty), (newer, older, empty), (empty, newer, older)):
        assert compute_proposals(9, order) == (0, (Proposal(9, 1, B),))


def test_holes_become_nulls() -> None:
    one = view_change(1, 1, certificates=(prepared(0, 1, A), prepared(0, 4, B)))
    other = view_change(2, 1, certificates=(prepared(0, 2, B),))
    digests = [p.digest for p in compute_proposals(1, [one, other])[1]]
    assert digests == [A, B, NULL_DIGEST, B]


def test_the_highest_stable_checkpoint_is_the_start() -> None:
    stable = certificate(8, block_id_of(8))
    behind = view_change(1, 1, certificates=(prepared(0, 7, A), prepared(0, 9, A)))
    ahead = view_change(2, 1, stable=stable)
    assert compute_proposals(1, [behind, ahead]) == (8, (Proposal(1, 9, A),))


CHANGES = (
    view_change(1, 1, certificates=(prepared(0, 1, A),)),
    view_change(2, 1, certificates=(prepared(0, 1, A), prepared(0, 3, B))),
    view_change(3, 1),
)


def test_a_new_view_with_its_proof_opens_the_view() -> None:
    signed = new_view(1, *CHANGES)
    assert opens(signed)
    assert [p.body.digest for p in signed.body.proposals] == [A, NULL_DIGEST, B]


def forge(signer: int = 1, **changes: Any) -> Any:
    return vote(signer, replace(new_view(1, *CHANGES).body, **changes))


GOOD: NewView = new_view(1, *CHANGES).body


@pytest.mark.parametrize(
    "forged",
    [
        forge(signer=2),
        forge(view_changes=CHANGES[:2]),
        forge(view_changes=(CHANGES[0], CHANGES[1], CHANGES[1])),
        forge(view_changes=(*CHANGES[:2], view_change(3, 2))),
        forge(view_changes=(*CHANGES[:2], view_change(9, 1))),
        forge(proposals=GOOD.proposals[:-1]),
        forge(proposals=()),
        forge(proposals=(*GOOD.proposals, vote(1, Proposal(1, 4, A)))),
        forge(proposals=(vote(1, Proposal(1, 1, NULL_DIGEST)), *GOOD.proposals[1:])),
        forge(proposals=(vote(2, Proposal(1, 1, A)), *GOOD.proposals[1:])),
        forge(proposals=(vote(1, Proposal(0, 1, A)), *GOOD.proposals[1:])),
        forge(
            view_changes=(
                *CHANGES[:2],
                view_change(3, 1, stable=certificate(8, A, (0, 1))),
            )
        ),
    ],
    ids=[
        "leader",
        "few",
        "twice",
        "another view",
        "stranger",
        "one dropped",
        "all dropped",
        "one added",
        "null instead",
        "signed by another",
        "old view",
        "bad proof inside",
    ],
)
def test_forged_new_views(forged: Any) -> None:
    assert not opens(forged)


def test_f_forged_certificates_do_not_help() -> None:
    """Two of seven lie together; five correct ones are the quorum the certificate needs."""
    seven = Committee.of(7, 2)
    lie = Prepare(0, 1, B)
    forged = PreparedCertificate(vote(0, Proposal(0, 1, B)), tuple(vote(r, lie) for r in (1, 2, 3)))
    assert not is_prepared(forged, seven)
    assert is_prepared(prepared(0, 1, A, size=7), seven)
