"""Those who say something else: wrong digests and views, mutants, forgers, replayers."""

from collections import Counter
from typing import Any

import pytest

from consensus.message import NULL_DIGEST, Signed, compute_digest
from consensus.pbft.messages import (
    MESSAGES,
    CheckpointCertificate,
    PreparedCertificate,
    ViewChange,
)
from consensus.simulation.byzantine.fields import Role, walk_places
from consensus.simulation.byzantine.forging import UNKNOWN_DIGEST
from consensus.simulation.byzantine.memory import find_kind
from consensus.simulation.signatures import is_genuine
from tests.consensus.simulation.byzantine.samples import (
    HEARD,
    HEIGHT,
    MEANT,
    OTHER,
    PRE_PREPARE,
    VALUE,
    VIEW,
    checkpoint,
    commit,
    prepare,
    proposal,
    signed,
    view_change,
)
from tests.consensus.simulation.byzantine.telling import converse, make, tell, tell_often


def list_changes(meant: Any, told: Any) -> list[Role]:
    """The roles of the places that differ, where the shape is the same."""
    before, after = list(walk_places(meant)), list(walk_places(told))
    pairs = zip(before, after, strict=False)
    return [a.role for a, b in pairs if a.content != b.content and a.role is not Role.PARTS]


def share_of_lies(said: list[tuple[Any, int, int, Any]]) -> float:
    """How many of what was meant came out as something else."""
    meant = [(m, told) for m, _, _, told in said if m is not None]
    return sum(m is not told for m, told in meant) / len(meant)


def test_wrong_digests_are_ones_that_make_trouble() -> None:
    behaviour = make("wrong-digest")
    for sender, heard in HEARD:
        assert list(behaviour.hear(sender, heard)) == []
    told = {said[0] for said in tell_often(behaviour, prepare(0), 60)}
    assert all(m.signer == 0 and m.body.view == VIEW and m.body.height == HEIGHT for m in told)
    digests = {m.body.digest for m in told}
    assert {OTHER, NULL_DIGEST, UNKNOWN_DIGEST} <= digests
    assert prepare(0).body.digest not in digests


def test_wrong_digests_change_nothing_else() -> None:
    for meant, _, _, told in converse(make("wrong-digest"), rounds=5):
        assert list_changes(meant, told) in ([Role.DIGEST], [])


def test_wrong_heights() -> None:
    behaviour = make("wrong-height")
    told = {said[0] for said in tell_often(behaviour, commit(0), 60)}
    heights = {HEIGHT - 1, HEIGHT + 1, HEIGHT + 16, HEIGHT + 1_000_000, 0}
    assert {m.body.height for m in told} == heights
    assert {(m.body.view, m.body.digest) for m in told} == {(VIEW, commit(0).body.digest)}


def test_wrong_parts_are_cut_doubled_and_mixed_and_all_of_them_genuine() -> None:
    behaviour = make("wrong-parts")
    certificate = CheckpointCertificate((checkpoint(0), checkpoint(1), checkpoint(2)))
    list(behaviour.hear(3, checkpoint(3)))
    told = [said[0] for said in tell_often(behaviour, certificate, 1_500)]
    assert all(map(is_genuine, told))
    voters = {tuple(vote.signer for vote in m.votes) for m in told}
    assert {(), (0, 1), (2, 1, 0), (0, 1, 3), (0, 1, 2, 2), (0, 1, 1)} <= voters
    assert (0, 1, 2) not in voters
    assert tell(behaviour, prepare(0)) == [prepare(0)]


def test_an_older_certificate_can_take_the_place_of_a_newer() -> None:
    old = PreparedCertificate(proposal(0, OTHER), (prepare(1, OTHER), prepare(2, OTHER)))
    told = []
    for seed in range(20):
        behaviour = make("wrong-parts", seed=seed)
        tell(behaviour, signed(0, ViewChange(VIEW, 0, (), (old,))))
        told += [said[0] for said in tell_often(behaviour, view_change(0), 20)]
    assert all(map(is_genuine, told))
    assert any(m.body.prepared == (old,) for m in told)


def test_a_share_of_digests() -> None:
    always = share_of_lies(converse(make("wrong-digest", "1000")))
    assert share_of_lies(converse(make("wrong-digest", "0"))) == 0
    assert 0.1 < share_of_lies(converse(make("wrong-digest", "300"))) < always - 0.2


@pytest.mark.parametrize(
    ("direction", "views"),
    [
        ("stale", {VIEW - 1, 0}),
        ("future", {VIEW + 1, VIEW + 16, VIEW + 1_000_000}),
        ("any", {VIEW - 1, 0, VIEW + 1, VIEW + 16, VIEW + 1_000_000}),
    ],
)
def test_wrong_views(direction: str, views: set[int]) -> None:
    behaviour = make("wrong-view", direction)
    told = [said[0] for said in tell_often(behaviour, commit(0), 60)]
    assert {m.body.view for m in told} == views
    assert {(m.body.height, m.body.digest) for m in told} == {(HEIGHT, commit(0).body.digest)}


def test_where_there_is_no_view_or_none_is_staler_the_truth_is_told() -> None:
    behaviour = make("wrong-view", "stale")
    assert tell(behaviour, checkpoint(0)) == [checkpoint(0)]
    first = Signed(0, type(commit(0).body)(0, HEIGHT, OTHER), b"x" * 64)
    assert tell(behaviour, first) == [first]


def test_mutants_are_mostly_honest() -> None:
    assert 0.1 < share_of_lies(converse(make("mutant"))) < 0.3
    assert share_of_lies(converse(make("mutant", "0"))) == 0


def test_mutants_change_one_place_or_say_nothing_or_something_old() -> None:
    behaviour = make("mutant", "1000")
    tell(behaviour, prepare(0, OTHER, HEIGHT - 1))
    told = tell_often(behaviour, prepare(0), 300)
    kinds = Counter(len(messages) for messages in told)
    assert set(kinds) == {0, 1}
    assert kinds[0] > 10
    changes = {tuple(list_changes(prepare(0), messages[0])) for messages in told if messages}
    assert {(Role.VIEW,), (Role.HEIGHT,), (Role.DIGEST,)} <= changes
    assert [prepare(0, OTHER, HEIGHT - 1)] in told
    views = {messages[0].body.view for messages in told if messages}
    assert {VIEW - 1, VIEW + 1} <= views


def test_some_lies_are_for_all_and_some_for_each() -> None:
    behaviour = make("mutant", "1000")
    common = 0
    for _ in range(60):
        message = prepare(0)
        common += len({tuple(tell(behaviour, message, receiver)) for receiver in (1, 2, 3)}) == 1
    assert 20 <= common <= 45


def test_votes_of_others_are_replaced_by_its_own_and_others() -> None:
    behaviour = make("wrong-parts")
    list(behaviour.hear(3, prepare(3)))
    told = [said[0] for said in tell_often(behaviour, view_change(0), 300)]
    assert all(map(is_genuine, told))
    assert all(MESSAGES.decode(MESSAGES.encode(m)) == m for m in told)
    certificates = [m.body.prepared[0] for m in told if m.body.prepared]
    signers = {tuple(vote.signer for vote in c.prepares) for c in certificates}
    assert {(0, 2), (1, 0), (3, 2), (1, 3)} <= signers


def test_wrong_values_mostly_come_with_their_digests() -> None:
    told = [said[0] for said in tell_often(make("wrong-value"), PRE_PREPARE, 200)]
    assert all(map(is_genuine, told))
    assert all(m.value != VALUE for m in told)
    matching = sum(m.proposal.body.digest == compute_digest(m.value) for m in told)
    assert 110 < matching < 170


def test_the_stuttering_say_it_all_three_times() -> None:
    assert tell(make("stuttering"), prepare(0)) == [prepare(0)] * 3
    assert tell(make("stuttering", "7"), PRE_PREPARE) == [PRE_PREPARE] * 7


def test_forgers_tell_the_truth_after_every_forgery() -> None:
    said = converse(make("forger", "1000"), rounds=3)
    truths = [m for m, _, _, told in said if told is m and m is not None]
    assert truths == [m for _ in range(3) for m in MEANT for _ in "123"]
    forged = [told for m, _, _, told in said if told is not m]
    assert forged
    assert not any(map(is_genuine, forged))


def test_forgers_use_everybodys_name_and_alter_what_others_signed() -> None:
    said = converse(make("forger", "1000"))
    claimed = {told.signer for m, _, _, told in said if m == prepare(0) and told is not m}
    assert claimed == {1, 2, 3}
    altered = [told for m, _, _, told in said if m is None]
    assert {find_kind(told) for told in altered} >= {type(prepare(0).body), type(commit(0).body)}
    assert not any(told in [heard for _, heard in HEARD] for told in altered)


def test_altered_words_go_to_somebody_else() -> None:
    behaviour = make("forger", "1000")
    receivers = {to for _ in range(30) for to, _ in behaviour.hear(1, prepare(1))}
    assert receivers == {2, 3}


def test_replayers_repeat_genuine_messages_late() -> None:
    said = converse(make("replayer", "400"))
    replayed = [(to, late, told) for m, to, late, told in said if m is None]
    genuine = [*MEANT, *(heard for _, heard in HEARD)]
    assert all(told in genuine for _, _, told in replayed)
    assert {to for to, _, _ in replayed} == {1, 2, 3}
    assert max(late for _, late, _ in replayed) > 1_000
    signers = {told.signer for _, _, told in replayed if isinstance(told, Signed)}
    assert signers == {0, 1, 2, 3}
    assert all(told is m for m, _, _, told in said if m is not None)


def test_two_replayers_do_not_set_each_other_off() -> None:
    """Fewer than one replay for a message heard, so echoes die out."""
    said = converse(make("replayer"), rounds=100)
    replays = sum(m is None for m, _, _, _ in said)
    assert 0 < replays < len(HEARD) * 100 // 2
