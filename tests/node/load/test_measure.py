from node.load.measure import Measurement, Volley, collect_blocks, draw_measurement
from node.load.open_loop import Counts, Landing, Shot
from node.load.signing import SignedBatch


def make_id(number: int) -> bytes:
    return number.to_bytes(32, "big")


class KnownHeights:
    """Heights that were reached at known times; block h holds ids 2h and 2h + 1."""

    def __init__(self, times: dict[int, float]) -> None:
        self.times = times

    def lowest(self) -> int:
        return max(self.times)

    def reached_at(self, height: int) -> float | None:
        return self.times.get(height)

    async def read_ids(self, height: int) -> list[bytes]:
        return [make_id(2 * height), make_id(2 * height + 1), b"foreign"]


def make_volley(rejected: int = 0) -> Volley:
    """Two batches of two, ids 2 to 5, due at 100.0 and 100.5 at 4 tx/s."""
    shots = [
        Shot(SignedBatch(b"", make_id(2 * n) + make_id(2 * n + 1)), 0, 0.5 * (n - 1))
        for n in (1, 2)
    ]
    landings = [
        Landing(100.0, 0.001, 200, Counts(2, 0, 0)),
        Landing(100.5, 0.002, 200, Counts(2 - rejected, 0, rejected)),
    ]
    return Volley(4.0, 2, shots, landings)


async def measure(volley: Volley, times: dict[int, float]) -> Measurement:
    heights = KnownHeights(times)
    blocks = await collect_blocks(heights, 0, volley)  # type: ignore[arg-type]
    return draw_measurement(volley, blocks, heights)  # type: ignore[arg-type]


async def test_latency_counts_from_the_intended_time_to_the_last_node() -> None:
    measurement = await measure(make_volley(), {1: 100.2, 2: 100.9})
    assert measurement.latency_ms == {"p50": 200.0, "p95": 400.0, "p99": 400.0}
    assert (measurement.sent, measurement.accepted, measurement.final) == (4, 4, 4)
    assert measurement.tx_per_second == 4.0
    assert measurement.seconds == 1.0
    assert (measurement.blocks, measurement.transactions_per_block) == (2, 2.0)
    assert measurement.generator_late_ms_p99 == 2.0
    assert measurement.is_sustained


async def test_a_backlog_at_the_end_is_not_sustained() -> None:
    measurement = await measure(make_volley(), {1: 100.2, 2: 105.0})
    assert measurement.drain_seconds == 4.0
    assert measurement.tx_per_second == 0.8
    assert not measurement.is_sustained


async def test_a_refusal_is_not_sustained() -> None:
    volley = make_volley(rejected=1)
    volley.intended_at.pop(make_id(5))
    volley.intended_at[make_id(99)] = 100.5  # refused, so in no block
    measurement = await measure(volley, {1: 100.2, 2: 100.6})
    assert (measurement.refused, measurement.final, measurement.sent) == (1, 3, 4)
    assert not measurement.is_sustained


def test_whole_batches_that_are_refused_or_unanswered_count() -> None:
    volley = make_volley()
    volley.landings = [Landing(0.0, status=429), Landing(0.0, status=0)]
    assert (volley.refused, volley.unanswered, volley.accepted) == (2, 2, 0)
