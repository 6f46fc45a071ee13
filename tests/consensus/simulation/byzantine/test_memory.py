"""A liar remembers little, and what it remembers is what was said and heard."""

from consensus.message import compute_digest
from consensus.pbft.messages import (
    Checkpoint,
    Commit,
    Prepare,
    PreparedCertificate,
    Proposal,
    ViewChange,
)
from consensus.simulation.byzantine import memory as module
from consensus.simulation.byzantine.memory import Memory
from tests.consensus.simulation.byzantine.samples import (
    BLOCK,
    DIGEST,
    HEARD,
    HEIGHT,
    OTHER,
    PRE_PREPARE,
    VALUE,
    VIEW,
    commit,
    prepare,
    proposal,
    signed,
    view_change,
)


def remembering() -> Memory:
    """All samples heard."""
    memory = Memory()
    for sender, message in HEARD:
        memory.note_heard(sender, message)
    return memory


def test_it_is_bounded() -> None:
    memory = Memory()
    for number in range(3_000):
        digest = compute_digest(b"%d" % number)
        memory.note_heard(1, prepare(1, digest, number))
        memory.note_said(prepare(0, digest, number))
        memory.may_repeat((1, digest), 2)
    assert len(memory.heard) == module.HEARD_MAX
    assert len(memory.said) == module.SAID_MAX
    assert len(memory.repeated) == module.REPEATED_MAX
    assert list(memory.kinds) == [Prepare]
    assert memory.heard[-1][1].body.height == 2_999


def test_one_message_to_many_receivers_is_remembered_once() -> None:
    memory = Memory()
    message = prepare(0)
    for _ in range(3):
        memory.note_said(message)
    assert list(memory.said) == [message]


def test_digests_heard_for_a_height() -> None:
    memory = remembering()
    assert memory.find_digests(HEIGHT) == [OTHER, BLOCK, DIGEST]
    assert memory.find_digests(HEIGHT + 1) == []


def test_parts_of_the_same_kind_are_found_at_any_depth() -> None:
    found = remembering().find_like(prepare(3))
    assert found == [prepare(1), prepare(2), prepare(2, OTHER)]


def test_parts_are_of_any_kind_and_may_be_its_own() -> None:
    memory = remembering()
    certificate = view_change(0).body.prepared[0]
    other = PreparedCertificate(proposal(0, OTHER), ())
    assert memory.find_like(other) == [certificate]
    memory.note_said(signed(0, ViewChange(VIEW, 0, (), (other,))))
    assert memory.find_like(certificate) == [other]


def test_values_proposed_lately() -> None:
    memory = remembering()
    assert memory.find_values() == [b"1/7: other"]
    memory.note_said(PRE_PREPARE)
    memory.note_said(prepare(0))
    assert memory.find_values() == [b"1/7: other", VALUE]


def test_what_was_meant_before() -> None:
    memory = Memory()
    for height in (5, 6, 7):
        memory.note_said(prepare(0, DIGEST, height))
        memory.note_said(PRE_PREPARE)
    older = memory.find_older(prepare(0, DIGEST, 7))
    assert [m.body.height for m in older] == [5, 6]
    assert memory.find_older(view_change(0)) == []


def test_kinds_of_votes_that_say_the_same() -> None:
    memory = remembering()
    proposal = Proposal(VIEW, HEIGHT, OTHER)
    assert memory.list_supports(proposal) == [
        Prepare(VIEW, HEIGHT, OTHER),
        Commit(VIEW, HEIGHT, OTHER),
    ]
    assert memory.list_supports(Checkpoint(HEIGHT, BLOCK)) == [Checkpoint(HEIGHT, BLOCK)]
    assert Memory().list_supports(proposal) == []


def test_a_proposal_is_never_learnt_as_a_vote_of_its_own() -> None:
    memory = Memory()
    memory.note_heard(0, PRE_PREPARE)
    assert memory.kinds == {}
    memory.note_heard(1, commit(1))
    assert list(memory.kinds) == [Commit]


def test_repetitions_are_counted_and_freshened() -> None:
    memory = Memory()
    assert [memory.may_repeat("a", 2) for _ in range(4)] == [True, True, False, False]
    for number in range(module.REPEATED_MAX - 1):
        memory.may_repeat(number, 2)
    assert not memory.may_repeat("a", 2)
    for number in range(module.REPEATED_MAX):
        memory.may_repeat(number, 2)
    assert memory.may_repeat("a", 2)
