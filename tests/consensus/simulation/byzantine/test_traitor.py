"""A traitor knows all tricks, and keeps within bounds."""

from itertools import pairwise

from consensus.message import Signed, compute_digest
from consensus.pbft.messages import Prepare, PrePrepare
from consensus.simulation.byzantine import memory as limits
from consensus.simulation.byzantine.faces import SHOWN_MAX, Faces
from consensus.simulation.byzantine.traitor import TRICKS, Traitor
from consensus.simulation.signatures import is_genuine
from tests.consensus.simulation.byzantine.samples import (
    DIGEST,
    PRE_PREPARE,
    VALUE,
    make_liar,
    prepare,
    signed,
)
from tests.consensus.simulation.byzantine.telling import converse, make


def test_it_tells_the_truth_most_of_the_time() -> None:
    said = converse(make("traitor"), rounds=40)
    meant = [(m, receiver) for m, receiver, _, _ in said if m is not None]
    true = sum(told is m and not late for m, _, late, told in said if m is not None)
    assert 0.5 < true / len(meant) < 0.8
    assert all(told is m for m, _, _, told in converse(make("traitor", "0")) if m is not None)


def test_it_does_everything_in_the_end() -> None:
    said = converse(make("traitor", "900"), rounds=400)
    proposals = [told for m, _, _, told in said if m is PRE_PREPARE]
    votes = [told for m, _, _, told in said if m == prepare(0)]
    added = [told for m, _, _, told in said if m is None]
    assert any(isinstance(p, PrePrepare) and p.value != VALUE for p in proposals)
    assert len({vote.body for vote in votes if isinstance(vote, Signed)}) > 5
    assert {vote.signer for vote in votes} == {0, 1, 2, 3}
    assert any(late == 900 for _, _, late, _ in said)
    assert any(isinstance(a, Signed) and a.signer == 0 and is_genuine(a) for a in added)
    assert any(isinstance(a, Signed) and a.signer != 0 and is_genuine(a) for a in added)
    assert not all(map(is_genuine, added))


def test_its_moods_last_for_a_while() -> None:
    traitor = Traitor.make(make_liar(), ())
    assert isinstance(traitor, Traitor)
    moods = []
    for number in range(400):
        traitor.say(1, prepare(0, DIGEST, number))
        moods.append(traitor.trick)
    changes = sum(a is not b for a, b in pairwise(moods))
    assert 10 < changes < 100
    assert None in moods
    assert len(set(map(id, moods))) > 8


def test_its_tricks_share_one_bounded_memory() -> None:
    traitor = Traitor.make(make_liar(), ())
    assert isinstance(traitor, Traitor)
    for number in range(2_500):
        value = b"0/%d: item" % number
        digest = compute_digest(value)
        traitor.say(1 + number % 3, PrePrepare(prepare(0, digest, number), value))
        traitor.hear(1, signed(1, Prepare(0, number, digest)))
    assert len(traitor.tricks) == len(TRICKS)
    assert all(trick.memory is traitor.memory for trick in traitor.tricks)
    assert len(traitor.memory.heard) == limits.HEARD_MAX
    assert len(traitor.memory.said) == limits.SAID_MAX
    assert len(traitor.memory.repeated) <= limits.REPEATED_MAX
    faces = [trick for trick in traitor.tricks if isinstance(trick, Faces)]
    assert all(0 < len(trick.shown) <= SHOWN_MAX for trick in faces)
