"""Batches of synchronous agreements: one envelope a round, whatever the size."""

import pytest

from consensus.committee import Committee
from consensus.errors import DecodeError
from consensus.exploration.synchronous import Crash, Execution, execute
from consensus.lockstep import early, flood_set
from consensus.message import encode
from consensus.model.outcomes import Outcome
from consensus.model.validity import Validity
from consensus.variants.batch import EMPTY, decode_batch, encode_batch
from consensus.variants.batched_rounds import BatchedRounds, open_rounds

FOUR = Committee.of(4, 2)
ZERO, ONE = b"\x00", b"\x01"


def open_all(
    wishes: list[list[bytes]], size: int, committee: Committee = FOUR
) -> dict[int, BatchedRounds]:
    return {
        me: open_rounds(me, committee, encode_batch(values), size, flood_set.create)
        for me, values in enumerate(wishes)
    }


def run_counting(size: int) -> tuple[Execution, int]:
    """A batch of so many, and the bytes of its envelopes."""
    sizes: list[int] = []

    def weigh(_round: int, _sender: int, _to: int, message: object) -> object:
        sizes.append(len(encode(message)) if message is not None else 0)
        return message

    wishes = [[bytes([me])] * size for me in range(4)]
    return execute(open_all(wishes, size), alter=weigh), sum(sizes)


def test_envelopes_are_those_of_one_instance_and_bytes_grow_by_the_size() -> None:
    runs = {size: run_counting(size) for size in (1, 2, 32, 64)}
    assert {execution.messages for execution, _ in runs.values()} == {3 * 4 * 3}
    per_index = runs[2][1] - runs[1][1]
    assert runs[64][1] - runs[32][1] == pytest.approx(32 * per_index, rel=0.2)


def test_ragged_batches_are_filled_up_and_the_null_value_gives_way() -> None:
    run = execute(open_all([[ONE, ZERO], [ONE], [], [ONE, ZERO, ONE]], 4))
    assert {decode_batch(value) for value in run.decisions.values()} == {(ONE, ZERO, ONE, EMPTY)}


def test_more_values_than_indices_are_refused() -> None:
    with pytest.raises(DecodeError, match="batch of 2 values, and room for 1"):
        open_rounds(0, FOUR, encode_batch([ONE, ZERO]), 1, flood_set.create)


def test_every_index_keeps_its_promises_whoever_crashes() -> None:
    wishes = [[ZERO, ONE, ONE], [ONE, ONE, ZERO], [ZERO, ONE, ONE], [ONE, ONE, ZERO]]
    crashes = {0: Crash(1, frozenset({1})), 1: Crash(2, frozenset({2}))}
    run = execute(open_all(wishes, 3), crashes)
    for index in range(3):
        outcome = Outcome(
            {me: values[index] for me, values in enumerate(wishes)},
            {me: decode_batch(value)[index] for me, value in run.decisions.items()},
            frozenset({2, 3}),
        )
        assert outcome.list_broken(Validity.PROPOSED, uniform=True) == ()


def test_what_is_over_is_silent_and_the_batch_stops_with_its_slowest() -> None:
    batches = {
        me: open_rounds(me, FOUR, encode_batch([ONE, ONE]), 2, early.create) for me in range(4)
    }
    run = execute(batches)
    assert set(run.decided_in.values()) == {2}
    assert run.messages == 2 * 4 * 3
    assert all(batch.has_halted for batch in batches.values())
