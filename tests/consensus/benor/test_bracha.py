"""Reliable broadcast among members that lie (Bracha 1987): agreement, totality, validity."""

from typing import Any

import pytest

from consensus.benor.bracha import Forum
from consensus.benor.messages import Echo, Ready, Shown
from consensus.benor.refusals import Refusal
from consensus.committee import Committee, largest_byzantine_faults
from consensus.effects import Broadcast, Check, Ignore, Persist
from consensus.events import Checked, Verdict
from consensus.message import compute_digest
from consensus.simulation.chance import Chance

FOUR = Committee.of(4, 1)
GOOD, OTHER = b"good", b"other"
DIGEST = compute_digest(GOOD)


def hear(forum: Forum, message: Any, *senders: int) -> list[Any]:
    return [effect for sender in senders for effect in forum.hear(sender, message)]


def said(word: Any) -> list[Any]:
    return [Persist(word), Broadcast(word)]


def test_a_value_is_echoed_once_the_host_has_found_it_valid() -> None:
    forum = Forum(0, FOUR, 5)
    assert hear(forum, Shown(GOOD), 1) == [Check(5, DIGEST, GOOD)]
    for verdict in (Verdict.LATER, Verdict.INVALID):
        assert list(forum.judge(Checked(DIGEST, verdict))) == []
    assert list(forum.judge(Checked(DIGEST, Verdict.VALID))) == said(Echo(1, GOOD))
    assert list(forum.judge(Checked(DIGEST, Verdict.VALID))) == []
    again = Shown(OTHER)
    assert hear(forum, again, 1) == [Ignore(again, Refusal.DUPLICATE)]


def test_a_quorum_of_echoes_makes_ready() -> None:
    forum = Forum(0, FOUR, 1)
    assert hear(forum, Echo(1, GOOD), 0, 1) == []
    assert hear(forum, Echo(1, GOOD), 2) == said(Ready(1, DIGEST))
    assert forum.find(1) is None


def test_f_plus_one_that_are_ready_are_joined_and_2f_plus_1_deliver() -> None:
    forum = Forum(0, FOUR, 1)
    assert hear(forum, Ready(1, DIGEST), 1) == []
    assert hear(forum, Ready(1, DIGEST), 2) == said(Ready(1, DIGEST))
    assert hear(forum, Ready(1, DIGEST), 0) == []
    assert not forum.has_delivered(1)
    hear(forum, Echo(1, GOOD), 3)
    assert forum.find(1) == GOOD
    assert forum.list_held() == (1,)


def test_what_cannot_count_is_refused() -> None:
    forum = Forum(0, FOUR, 1)
    hear(forum, Echo(1, GOOD), 2)
    hear(forum, Ready(1, DIGEST), 2)
    for message, refusal in (
        (Echo(1, OTHER), Refusal.DUPLICATE),
        (Ready(1, bytes(32)), Refusal.DUPLICATE),
        (Echo(9, GOOD), Refusal.NOT_A_MEMBER),
        (Ready(9, DIGEST), Refusal.NOT_A_MEMBER),
        (object(), Refusal.UNKNOWN),
    ):
        assert hear(forum, message, 2) == [Ignore(message, refusal)]


def test_a_restart_says_all_again_and_echoes_nothing_else() -> None:
    forum = Forum(0, FOUR, 1)
    records = (Shown(b"mine"), Echo(1, GOOD), Ready(1, DIGEST))
    effects = [effect for record in records for effect in forum.restore(record)]
    assert effects == [Broadcast(record) for record in records]
    assert forum.has_spoken
    assert hear(forum, Shown(OTHER), 1) == []
    assert list(forum.judge(Checked(compute_digest(OTHER), Verdict.VALID))) == []
    assert hear(forum, Echo(1, OTHER), 1, 2, 3) == []


def broadcast(size: int, seed: int, *, faults: int, liars: int) -> list[bytes | None]:
    """Member 0, the author, shows two values; liars echo and are ready for both, as it suits them.

    What the others have delivered in the end, any mail having arrived in any order.
    """
    chance = Chance(seed)
    committee = Committee.of(size, faults)
    forums = {me: Forum(me, committee, 1) for me in range(liars, size)}
    mail: list[tuple[int, int, Any]] = []
    for to in forums:
        value = GOOD if chance.below(2) else OTHER
        mail.append((0, to, Shown(value)))
        for liar in range(liars):
            told = GOOD if chance.below(2) else OTHER
            mail += [(liar, to, Echo(0, told)), (liar, to, Ready(0, compute_digest(told)))]
    while mail:
        sender, me, message = mail.pop(chance.below(len(mail)))
        events = list(forums[me].hear(sender, message))
        while events:
            match events.pop(0):
                case Check(_, digest):
                    events += forums[me].judge(Checked(digest, Verdict.VALID))
                case Broadcast(word):
                    events += forums[me].hear(me, word)
                    mail += [(me, to, word) for to in forums if to != me]
    return [forum.find(0) for forum in forums.values()]


@pytest.mark.parametrize("size", [4, 5, 7])
def test_all_deliver_one_value_or_none_does(size: int) -> None:
    faults = largest_byzantine_faults(size)
    ends = {tuple(broadcast(size, seed, faults=faults, liars=faults)) for seed in range(300)}
    assert all(len(set(end)) == 1 for end in ends)
    assert {end[0] for end in ends} == {GOOD, OTHER, None}


def test_beyond_the_bound_values_part() -> None:
    ends = [set(broadcast(4, seed, faults=1, liars=2)) for seed in range(300)]
    assert any(len(end) == 2 for end in ends)
