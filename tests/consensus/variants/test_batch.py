"""Batches: one envelope for all indices, promises per index, and nobody waits for the slowest."""

from typing import Any

import pytest

from consensus.agreement import Decided, Opened, Propose, Settled, step
from consensus.benor.agreement import BenOr
from consensus.benor.messages import Ballot, Report
from consensus.committee import Committee
from consensus.effects import Broadcast, CancelTimer, Check, Ignore, Persist, Send, SetTimer, Toss
from consensus.engine import clone, fingerprint
from consensus.events import Checked, Elapsed, Received, Tossed, Verdict
from consensus.message import Codec, encode
from consensus.simulation.chance import Chance
from consensus.variants.batch import (
    EMPTY,
    Batched,
    Bundle,
    Envelope,
    Part,
    decode_batch,
    encode_batch,
    open_batch,
)
from consensus.variants.k_set import Choice, KSet, Offer
from tests.consensus.benor.net import Net

THREE = Committee.of(3, 1)


def open_k_sets(me: int, size: int) -> Batched:
    return open_batch(size, lambda _index: KSet(me, THREE))


def make_net(wishes: list[list[bytes]], size: int, create: Any, seed: int = 0) -> Net:
    """Everybody in order of arrival, or as the seed says."""
    batches = {me: encode_batch(values) for me, values in enumerate(wishes)}
    return Net(lambda me: open_batch(size, lambda _index: create(me)), batches, Chance(seed))


def test_one_step_of_all_is_one_record_and_one_envelope() -> None:
    batch = open_k_sets(0, 3)
    parts = tuple(Part(index, Offer(value)) for index, value in enumerate((b"a", b"b", b"c")))
    assert step(batch, Propose(encode_batch([b"a", b"b", b"c"]))) == [
        Persist(Bundle(parts)),
        Broadcast(Envelope(parts)),
    ]


def test_whoever_brings_fewer_values_says_so() -> None:
    batch = open_k_sets(0, 3)
    _, broadcast = step(batch, Propose(encode_batch([b"a"])))
    assert isinstance(broadcast, Broadcast)
    assert [part.body.value for part in broadcast.message.parts] == [b"a", EMPTY, EMPTY]


@pytest.mark.parametrize("value", [encode_batch([b"a"] * 4), b"", b"\xc1"])
def test_more_values_than_indices_and_what_is_no_batch_are_refused(value: bytes) -> None:
    batch = open_k_sets(0, 3)
    before = clone(batch)
    (ignored,) = step(batch, Propose(value))
    assert isinstance(ignored, Ignore)
    assert ignored.refusal == "unfit-batch"
    assert batch == before


def test_each_index_is_told_when_it_decides_and_the_whole_at_the_end() -> None:
    batch = open_k_sets(0, 2)
    step(batch, Propose(encode_batch([b"5", b"5"])))
    step(batch, Received(0, Envelope((Part(0, Offer(b"5")), Part(1, Offer(b"5"))))))
    assert step(batch, Received(1, Envelope((Part(1, Offer(b"3")),)))) == [
        Persist(Bundle((Part(1, Choice(b"3")),))),
        Settled(1, (b"3",)),
    ]
    assert step(batch, Received(2, Envelope((Part(0, Offer(b"7")),)))) == [
        Persist(Bundle((Part(0, Choice(b"5")),))),
        Settled(0, (b"5",)),
        Decided((b"5", b"3")),
    ]


def test_strange_indices_and_messages_are_refused_and_the_rest_counts() -> None:
    batch = open_k_sets(0, 1)
    step(batch, Propose(encode_batch([b"5"])))
    step(batch, Received(0, Envelope((Part(0, Offer(b"5")),))))
    effects = step(batch, Received(1, Envelope((Part(7, Offer(b"1")), Part(0, Offer(b"3"))))))
    assert [getattr(effect, "refusal", None) for effect in effects[:1]] == ["beyond-batch"]
    assert effects[-1] == Decided((b"3",))
    (ignored,) = step(batch, Received(1, Offer(b"1")))
    assert isinstance(ignored, Ignore)
    assert ignored.refusal == "unknown-message"


def test_a_restart_gives_each_index_its_own_records() -> None:
    records = (
        Bundle((Part(0, Offer(b"5")), Part(1, Offer(b"6")))),
        Bundle((Part(1, Choice(b"4")),)),
    )
    effects = step(open_k_sets(0, 2), Opened(records))
    parts = (Part(0, Offer(b"5", again=True)), Part(1, Offer(b"6")))
    assert effects == [Broadcast(Envelope(parts)), Settled(1, (b"4",))]


def test_envelopes_have_canonical_bytes() -> None:
    codec = Codec(Envelope[Report | Ballot])
    envelope: Envelope[Any] = Envelope((Part(0, Report(1, 0)), Part(3, Ballot(1, 2))))
    assert codec.decode(codec.encode(envelope)) == envelope
    assert decode_batch(encode_batch([b"a", EMPTY])) == (b"a", EMPTY)


def count_ben_or(size: int) -> tuple[int, int]:
    """Envelopes and bytes until all of a unanimous batch is decided."""
    net = make_net([[b"\x01"] * size] * 3, size, lambda me: BenOr(me, THREE)).start()
    while net.mail:
        net.deliver(0)
    assert net.agree() == (b"\x01",) * size
    return net.sent["Envelope"], sum(len(encode(message)) for _, _, message in net.said)


def test_envelopes_do_not_depend_on_the_size_of_the_batch_and_bytes_grow_with_it() -> None:
    counted = {size: count_ben_or(size) for size in (1, 2, 32, 64)}
    assert len({envelopes for envelopes, _ in counted.values()}) == 1
    (one, two), (some, many) = (
        tuple(counted[size][1] for size in sizes) for sizes in ((1, 2), (32, 64))
    )
    assert many - some == pytest.approx(32 * (two - one), rel=0.2)


@pytest.mark.parametrize("seed", range(20))
def test_a_slow_index_holds_nobody_back(seed: int) -> None:
    """Unanimous indices are decided in round 1, whatever the mixed one between them does."""
    told: dict[int, dict[int, int]] = {me: {} for me in range(3)}
    net = make_net(
        [[b"\x00", bytes([me % 2]), b"\x01"] for me in range(3)],
        3,
        lambda me: BenOr(me, THREE),
        seed,
    )
    perform = net.perform

    def watch(me: int, effect: Any, events: list[Any]) -> None:
        if isinstance(effect, Settled):
            told[me][effect.index] = net.members[me].instances[effect.index].round
        perform(me, effect, events)

    net.perform = watch  # type: ignore[method-assign]
    net.start().run()
    values = net.agree()
    assert (values[0], values[2]) == (b"\x00", b"\x01")
    assert all(rounds[0] == rounds[2] == 1 for rounds in told.values())
    assert all(len(rounds) == 3 for rounds in told.values())


def test_no_index_reads_another_ones_mail() -> None:
    """Each comes to what it would have come to alone, over the same schedule."""
    wishes = [[b"3", b"9"], [b"5", b"1"], [b"4", b"8"]]
    both = make_net(wishes, 2, lambda me: KSet(me, THREE)).start()
    alone = [
        make_net([[values[at]] for values in wishes], 1, lambda me: KSet(me, THREE)).start()
        for at in range(2)
    ]
    for net in (both, *alone):
        while net.mail:
            net.deliver(len(net.mail) - 1)
    for me in range(3):
        assert both.decided[me] == alone[0].decided[me] + alone[1].decided[me]


class Clock:
    """Wants a tick in step with the clock, and a timer and a coin of its own; checks one value."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def react(self, event: Any) -> list[Any]:
        match event:
            case Opened():
                return [
                    SetTimer(("tick",), 0, align_ms=100),
                    SetTimer(("own",), 5),
                    Toss((1,), common=True),
                    Check(1, b"digest", b"value"),
                ]
            case Propose(b"stop"):
                return [CancelTimer(("tick",)), CancelTimer(("own",))]
            case Propose():
                return []
        self.heard.append(event)
        return []


def test_ticks_are_shared_and_other_timers_coins_and_checks_find_their_index() -> None:
    batch = open_batch(2, lambda _index: Clock())
    effects = step(batch, Opened())
    assert effects.count(SetTimer(("shared", "tick"), 0, align_ms=100)) == 1
    assert SetTimer((1, "own"), 5) in effects
    assert Toss((1, 1), common=True) in effects
    step(batch, Elapsed(("shared", "tick"), 7))
    step(batch, Elapsed((1, "own")))
    step(batch, Tossed((0, 1), 1))
    step(batch, Checked(b"digest", Verdict.VALID))
    tick, valid = Elapsed(("tick",), 7), Checked(b"digest", Verdict.VALID)
    assert batch.instances[0].heard == [tick, Tossed((1,), 1), valid]
    assert batch.instances[1].heard == [tick, Elapsed(("own",)), valid]


def test_a_shared_tick_is_cancelled_by_the_last_who_wants_it() -> None:
    batch = open_batch(2, lambda _index: Clock())
    step(batch, Opened())
    first = step(batch, Propose(encode_batch([b"stop"])))
    assert first == [CancelTimer((0, "own"))]
    second = step(batch, Propose(encode_batch([EMPTY, b"stop"])))
    assert second == [CancelTimer(("shared", "tick")), CancelTimer((1, "own"))]


def test_a_batch_is_plain_values() -> None:
    batch = open_k_sets(0, 2)
    copied = clone(batch)
    step(copied, Propose(encode_batch([b"1"])))
    assert fingerprint(batch) != fingerprint(copied)
    assert fingerprint(clone(copied)) == fingerprint(copied)


def test_an_answer_to_one_goes_to_that_one() -> None:
    batch = open_k_sets(1, 2)
    step(batch, Propose(encode_batch([b"1", b"2"])))
    asked = Envelope((Part(0, Offer(b"3", again=True)), Part(1, Offer(b"3", again=True))))
    effects = step(batch, Received(0, asked))
    assert effects == [Send(0, Envelope((Part(0, Offer(b"1")), Part(1, Offer(b"2")))))]
