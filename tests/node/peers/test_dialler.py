"""Pauses between calls."""

import asyncio
import random
from collections.abc import Iterator

import pytest

from node.peers.dialler import Backoff, Dialler
from node.peers.limits import PeerLimits

LIMITS = PeerLimits(redial_min_s=1.0, redial_max_s=8.0, settled_s=10.0)


class Highest(random.Random):
    """No jitter: always the upper end."""

    def uniform(self, a: float, b: float) -> float:
        return b


def test_pauses_double_up_to_a_cap() -> None:
    backoff = Backoff(LIMITS, Highest())
    assert [backoff.next_s() for _ in range(6)] == [1, 2, 4, 8, 8, 8]
    backoff.reset()
    assert backoff.next_s() == 1
    backoff.rest()
    assert backoff.next_s() == 8


def test_pauses_are_jittered_down_by_at_most_a_half() -> None:
    backoff = Backoff(LIMITS, random.Random(1))
    backoff.rest()
    pauses = [backoff.next_s() for _ in range(200)]
    assert all(4 <= pause <= 8 for pause in pauses)
    assert max(pauses) - min(pauses) > 3


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([0.0, 0.0, 0.0], [1, 2, 4]),
        ([0.0, 0.0, 10.0, 0.0], [1, 2, 1, 2]),  # a settled link starts afresh
        ([0.0, 9.9, 9.9], [1, 2, 4]),  # one that soon breaks does not
        ([None, 0.0], [8, 8]),  # turned away for good reason
    ],
)
async def test_the_pause_after_each_call(
    monkeypatch: pytest.MonkeyPatch, outcomes: list[float | None], expected: list[float]
) -> None:
    pauses: list[float] = []
    left: Iterator[float | None] = iter(outcomes)

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def wanted() -> None:
        if len(pauses) == len(outcomes):
            raise asyncio.CancelledError

    async def call() -> float | None:
        return next(left)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await Dialler(wanted, call, LIMITS, Highest()).run()
    assert pauses == expected
