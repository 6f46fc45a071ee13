"""Votes: signed on the way out, each signature verified once on the way in."""

from typing import Any

import msgspec
import pytest

from consensus.message import Signed, compute_vote_context
from consensus.pbft.messages import Commit, CommitSeal, NewView, Prepare, ViewChange
from ledger.keys import verify
from node import votes as module
from node.stages import Stages
from node.votes import REMEMBERED_BODY_BYTES_MAX, Votes
from tests.ledger.support import GENESIS, VALIDATORS

CONTEXT = compute_vote_context(GENESIS.chain_id, "pbft")
KEYS = {replica: key.public_key for replica, key in enumerate(VALIDATORS)}
DIGEST = bytes(32)


def make(replica: int = 0, context: bytes = CONTEXT) -> Votes:
    return Votes(context, KEYS, VALIDATORS[replica], Stages())


def commit(replica: int, height: int = 1) -> Any:
    return make(replica).sign(Signed(replica, Commit(0, height, DIGEST)))


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The messages that were really verified."""
    seen: list[bytes] = []

    def note(key: bytes, message: bytes, signature: bytes) -> bool:
        seen.append(message)
        return verify(key, message, signature)

    monkeypatch.setattr(module, "verify", note)
    return seen


def test_a_signed_vote_holds_once_and_for_all(verified: list[bytes]) -> None:
    vote, votes = commit(1), make()
    assert len(vote.signature) == 64
    assert votes.hold(vote)
    assert votes.hold(vote)
    assert len(verified) == 1


def test_votes_inside_a_certificate_that_were_seen_cost_nothing(verified: list[bytes]) -> None:
    votes = make()
    commits = [commit(replica) for replica in range(3)]
    for vote in commits[:2]:
        assert votes.hold(vote)
    assert votes.hold(CommitSeal(tuple(commits)))
    assert len(verified) == 3


def test_others_signatures_are_left_alone_when_signing() -> None:
    seal = CommitSeal((commit(1), Signed(0, Commit(0, 1, DIGEST))))
    signed = make(0).sign(seal)
    assert signed.commits[0] == seal.commits[0]
    assert make(2).hold(signed)


@pytest.mark.parametrize(
    "vote",
    [
        Signed(1, Commit(0, 1, DIGEST)),
        Signed(1, Commit(0, 1, DIGEST), b"short"),
        Signed(1, Commit(0, 1, DIGEST), bytes(64)),
        msgspec.structs.replace(commit(1), signer=2),
        msgspec.structs.replace(commit(1), signer=9),
        msgspec.structs.replace(commit(1), signer=2**64 - 1),
        msgspec.structs.replace(commit(1), body=Prepare(0, 1, DIGEST)),
        msgspec.structs.replace(commit(1), body=Commit(0, 2, DIGEST)),
    ],
)
def test_what_was_not_signed_like_this_by_a_member_does_not_hold(vote: Any) -> None:
    votes = make()
    assert votes.hold(commit(1))
    assert not votes.hold(vote)
    assert not votes.hold(CommitSeal((commit(1), vote)))


def test_a_vote_of_another_chain_does_not_hold() -> None:
    other = compute_vote_context(bytes(32), "pbft")
    assert not make().hold(make(1, other).sign(Signed(1, Commit(0, 1, DIGEST))))


def test_a_bad_signature_deep_inside_is_found() -> None:
    change = make(1).sign(Signed(1, ViewChange(1, 0, (), ())))
    forged = msgspec.structs.replace(change, signature=bytes(64))
    assert make().hold(make(1).sign(Signed(1, NewView(1, (change,), ()))))
    assert not make().hold(make(1).sign(Signed(1, NewView(1, (forged,), ()))))


def test_memory_is_bounded_in_number_and_in_size(
    monkeypatch: pytest.MonkeyPatch, verified: list[bytes]
) -> None:
    monkeypatch.setattr(module, "REMEMBERED_MAX", 3)
    votes = make()
    for height in range(1, 6):
        assert votes.hold(commit(1, height))
    assert len(votes._verified) == 3
    assert votes.hold(commit(1, 3))
    assert votes.hold(commit(1, 6))
    assert votes.hold(commit(1, 3))
    assert len(verified) == 6
    long = make(1).sign(Signed(1, NewView(1, tuple(commit_change(n) for n in range(3)), ())))
    assert max(len(part.body) for part in long.signed_parts()) > REMEMBERED_BODY_BYTES_MAX
    assert votes.hold(long)
    assert all(len(part.body) <= REMEMBERED_BODY_BYTES_MAX for part in votes._verified)


def commit_change(replica: int) -> Any:
    return make(replica).sign(Signed(replica, ViewChange(1, 0, (), ())))
