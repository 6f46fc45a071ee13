import pytest

from node.load.measure import Measurement
from node.load.ramp import PRECISION, confirm, find_ceiling


class Machine:
    """Sustains up to `capacity`; for long times a little less."""

    def __init__(self, capacity: float) -> None:
        self.capacity = capacity
        self.tried: list[float] = []

    async def attempt(self, rate: float, seconds: float) -> Measurement:
        self.tried.append(rate)
        is_sustained = rate <= self.capacity * (1.0 if seconds < 30 else 0.97)
        return Measurement(
            offered_per_second=rate,
            seconds=seconds,
            sent=100,
            accepted=100,
            refused=0,
            unanswered=0,
            final=100,
            tx_per_second=rate if is_sustained else self.capacity,
            drain_seconds=0.1 if is_sustained else 9.0,
            latency_ms={},
            generator_late_ms_p99=0.0,
            blocks=1,
            transactions_per_block=100.0,
        )


@pytest.mark.parametrize("capacity", [150.0, 1_000.0, 1_234.5, 8_000.0])
async def test_the_ceiling_is_found_closely_and_never_exceeds_what_is_sustained(
    capacity: float,
) -> None:
    machine = Machine(capacity)
    ceiling = await find_ceiling(machine.attempt, 1_000.0, 8.0)
    assert ceiling <= capacity < ceiling * PRECISION
    assert len(machine.tried) < 25


async def test_one_failure_may_be_chance() -> None:
    machine = Machine(1_000.0)
    steady = machine.attempt

    async def stumble(rate: float, seconds: float) -> Measurement:
        machine.capacity = 10.0 if len(machine.tried) == 1 else 1_000.0
        return await steady(rate, seconds)

    assert await find_ceiling(stumble, 500.0, 8.0) > 1_000.0 / PRECISION


async def test_a_network_that_sustains_next_to_nothing_ends_the_search() -> None:
    assert await find_ceiling(Machine(0.0).attempt, 1_000.0, 8.0) == 50.0


async def test_confirmation_backs_off_until_it_holds() -> None:
    machine = Machine(1_000.0)
    measurement = await confirm(machine.attempt, 1_000.0, 60.0)
    assert measurement.is_sustained
    assert machine.tried == [1_000.0, 930.0]


async def test_confirmation_ends_even_if_nothing_holds() -> None:
    machine = Machine(1.0)
    assert not (await confirm(machine.attempt, 1_000.0, 60.0)).is_sustained
    assert len(machine.tried) == 5
