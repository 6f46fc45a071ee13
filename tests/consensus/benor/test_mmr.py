"""Agreement with a common coin among members that lie: Mostéfaoui, Moumen and Raynal 2014, with CONF."""

from collections import Counter
from typing import Any

import pytest

from consensus.agreement import Decided, Opened, Propose, step
from consensus.benor.agreement import ROUNDS_AHEAD
from consensus.benor.messages import BOTH, Backed, Confirmed, Report, Seen, Settled, Word
from consensus.benor.mmr import Mmr, is_stale
from consensus.benor.refusals import Refusal
from consensus.committee import Committee, largest_byzantine_faults
from consensus.effects import Broadcast, Ignore, Persist, Toss
from consensus.events import Elapsed, Received, Tossed
from consensus.simulation.chance import Chance
from tests.consensus.benor.net import Net

FOUR = Committee.of(4, 1)


def make_net(inputs: str, seed: int = 0, **options: Any) -> Net:
    size = len(inputs)
    committee = Committee.of(size, largest_byzantine_faults(size))
    given = options.pop("given", ())
    wishes = {me: bytes([int(bit)]) for me, bit in enumerate(inputs)}
    return Net(lambda me: Mmr(me, committee, given), wishes, Chance(seed), **options)


def open_one(value: int = 0, given: tuple[int, ...] = ()) -> Mmr:
    mmr = Mmr(0, FOUR, given)
    word = Backed(1, value)
    assert step(mmr, Propose(bytes([value]))) == [Persist(word), Broadcast(word)]
    return mmr


def hear(mmr: Mmr, word: Any, *senders: int) -> list[Any]:
    return [effect for sender in senders for effect in step(mmr, Received(sender, word))]


def said(*words: Any) -> list[Any]:
    return [effect for word in words for effect in (Persist(word), Broadcast(word))]


def test_f_plus_one_are_joined_and_what_2f_plus_1_back_is_accepted() -> None:
    mmr = open_one(0)
    assert hear(mmr, Backed(1, 1), 1) == []
    assert hear(mmr, Backed(1, 1), 2) == said(Backed(1, 1))
    assert hear(mmr, Backed(1, 1), 0) == said(Seen(1, 1))


def at_confirming(*seen: int) -> tuple[Mmr, list[Any]]:
    """A member that accepts both values and hears these words; what it said last."""
    mmr = open_one(0)
    for value in (0, 1):
        hear(mmr, Backed(1, value), 0, 1, 2)
    effects = [hear(mmr, Seen(1, value), who) for who, value in enumerate(seen)]
    return mmr, effects[-1]


def test_n_minus_f_words_about_accepted_values_are_confirmed() -> None:
    assert at_confirming(0, 0)[1] == []
    assert at_confirming(0, 0, 0)[1] == said(Confirmed(1, 0))
    assert at_confirming(0, 1, 0)[1] == said(Confirmed(1, BOTH))


def test_a_word_about_a_value_that_is_not_accepted_waits() -> None:
    mmr = open_one(0)
    hear(mmr, Backed(1, 0), 0, 1, 2)
    assert hear(mmr, Seen(1, 1), 3) == []
    assert hear(mmr, Seen(1, 0), 0, 1) == []
    assert hear(mmr, Backed(1, 1), 3, 2, 1)[-2:] == said(Confirmed(1, BOTH))


@pytest.mark.parametrize(
    ("confirmed", "face", "held", "decides"),
    [((0, 0, 0), 0, 0, True), ((0, 0, 0), 1, 0, False), ((0, BOTH, 0), 1, 1, False)],
)
def test_the_coin_decides_what_was_found_alone_and_is_held_where_both_were(
    confirmed: tuple[int, ...], face: int, held: int, decides: bool
) -> None:
    mmr, _ = at_confirming(0, 0, 0)
    asked = [hear(mmr, Confirmed(1, only), who) for who, only in enumerate(confirmed)]
    assert asked[-1] == [Toss((1,), common=True)]
    effects = step(mmr, Tossed((1,), face))
    assert effects[-2:] == said(Backed(2, held))
    word = [Persist(Word(1, face)), Broadcast(Settled(face)), Decided((bytes([face]),))]
    assert effects[:-2] == (word if decides else [])


def test_given_faces_come_before_coins() -> None:
    for seed in range(10):
        net = make_net("1111", seed, given=(1, 0)).start().run()
        assert (net.agree(), net.tosses) == ((b"\x01",), 0)
        net = make_net("0000", seed, given=(1, 0)).start().run()
        assert (net.agree(), net.tosses) == ((b"\x00",), 0)


def test_f_plus_one_settled_words_decide_and_2f_plus_1_end_it() -> None:
    mmr = Mmr(0, FOUR)
    assert hear(mmr, Settled(1), 1) == []
    effects = hear(mmr, Settled(1), 2)
    assert effects[:3] == [Persist(Word(1, 1)), Broadcast(Settled(1)), Decided((b"\x01",))]
    assert effects[3:] == said(Backed(1, 1)), "others may need its words"
    word = Seen(1, 0)
    assert hear(mmr, word, 1) == []
    hear(mmr, Settled(1), 0)
    for late in (Seen(1, 0), Settled(1)):
        assert hear(mmr, late, 3) == [Ignore(late, Refusal.LEFT_PHASE)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7])
def test_any_schedule_with_f_crashes_agrees_on_an_input(size: int) -> None:
    for seed in range(25):
        chance = Chance(seed, "inputs")
        inputs = "".join(str(chance.below(2)) for _ in range(size))
        faults = largest_byzantine_faults(size)
        doomed = {me: chance.below(8) + 1 for me in chance.sample(range(size), faults)}
        net = make_net(inputs, seed, writes_left=doomed).start().run()
        [value] = net.agree()
        assert str(value[0]) in inputs
        assert set(net.members) <= set(net.decided)


def lie(net: Net, seed: int) -> None:
    """The last member says to each other one what it likes, for a few rounds, in any order."""
    liar, chance = len(net.wishes) - 1, Chance(seed, "lies")
    for round_ in range(1, 5):
        for to in range(liar):
            bits = [chance.below(2) for _ in range(4)]
            words = (Backed(round_, bits[0]), Backed(round_, bits[1]), Seen(round_, bits[2]))
            for word in (*words, Confirmed(round_, chance.below(3)), Settled(bits[3])):
                net.mail.append((liar, to, word))


@pytest.mark.parametrize("size", [4, 7])
def test_a_liar_splits_nobody_and_keeps_nobody_from_deciding(size: int) -> None:
    for seed in range(40):
        chance = Chance(seed, "inputs")
        inputs = "".join(str(chance.below(2)) for _ in range(size))
        net = make_net(inputs, seed).start(*range(size - 1))
        lie(net, seed)
        net.run()
        net.agree()
        assert set(net.decided) == set(range(size - 1))


@pytest.mark.parametrize("value", [0, 1])
def test_what_all_correct_members_hold_is_decided_whatever_a_liar_says(value: int) -> None:
    for seed in range(30):
        net = make_net(f"{value}" * 4, seed).start(0, 1, 2)
        lie(net, seed)
        assert net.run().agree() == (bytes([value]),)


def test_a_few_rounds_are_enough() -> None:
    rounds = []
    for seed in range(150):
        net = make_net("0101", seed).start().run()
        rounds += [r.round for d in net.disks.values() for r in d if isinstance(r, Word)]
    assert sum(rounds) / len(rounds) < 4
    assert max(rounds) < 20


@pytest.mark.parametrize("write", range(1, 10))
def test_a_crash_at_any_write_and_a_restart(write: int) -> None:
    for seed in range(8):
        net = make_net("0011", seed, repeats=True, writes_left={1: write}).start().run()
        if 1 not in net.members:
            before = list(net.disks[1])
            net.start(1).run()
            assert net.disks[1][: len(before)] == before
        net.agree()
        assert len(net.decided) == 4


def test_a_restart_says_all_again_and_nothing_else() -> None:
    mmr, _ = at_confirming(0, 0, 0)
    records = (Backed(1, 0), Backed(1, 1), Seen(1, 0), Confirmed(1, 0))
    again = Mmr(0, FOUR)
    assert step(again, Opened(records)) == [Broadcast(record) for record in records]
    assert (again.round, again.value) == (mmr.round, mmr.value) == (1, 0)
    for value in (0, 1):
        assert hear(again, Backed(1, value), 1, 2, 3) == []
    word = Seen(1, 1)
    assert hear(again, word, 1) == [Ignore(word, Refusal.LEFT_PHASE)]


def test_a_restart_that_was_told_the_decision_still_speaks_for_the_others() -> None:
    mmr = Mmr(0, FOUR)
    effects = step(mmr, Opened((Word(1, 1),)))
    assert effects == [Broadcast(Settled(1)), Decided((b"\x01",)), *said(Backed(1, 1))]


def test_what_cannot_count_is_refused() -> None:
    mmr = open_one(0)
    hear(mmr, Seen(1, 0), 1)
    hear(mmr, Settled(0), 1)
    for sender, message, refusal in (
        (9, Seen(1, 0), Refusal.NOT_A_MEMBER),
        (1, Seen(1, 1), Refusal.DUPLICATE),
        (1, Settled(1), Refusal.DUPLICATE),
        (1, Backed(ROUNDS_AHEAD + 2, 0), Refusal.BEYOND_WINDOW),
        (1, Report(1, 0), Refusal.UNKNOWN),
    ):
        assert hear(mmr, message, sender) == [Ignore(message, refusal)]
    for event in (Propose(b"\x01"), Propose(b"two")):
        assert step(mmr, event) == [Ignore(event, Refusal.UNWANTED)]
    for other in (Elapsed(("t",)), Tossed((1,), 0)):
        assert step(mmr, other) == [Ignore(other, Refusal.UNKNOWN)]


def test_mail_that_is_called_stale_changes_nothing() -> None:
    checked: Counter[bool] = Counter()
    for seed in range(6):
        net = make_net("0110", seed).start()
        while net.mail:
            at = net.chance.below(len(net.mail))
            _, to, message = net.mail[at]
            if is_stale(net.members[to], message):
                sent = len(net.said)
                net.deliver(at)
                assert len(net.said) == sent
                checked[True] += 1
            else:
                net.deliver(at)
                checked[False] += 1
    assert checked[True] > 50
    assert checked[False] > 50
