import pytest

from node.simulation.errors import WorkerError
from node.simulation.pool import LocalPool, run_chunk
from tests.node.simulation.outcomes import make_outcome, raise_at_five


def test_this_process_goes_seed_by_seed() -> None:
    pool = LocalPool()
    results = pool.map(make_outcome, range(3))
    assert next(results).seed == 0
    assert [outcome.seed for outcome in results] == [1, 2]
    pool.close()


def test_what_a_seed_raises_is_an_error_that_names_it() -> None:
    found: list[int] = []
    with pytest.raises(WorkerError, match="seed 5 ended with ValueError: five") as raised:
        found.extend(LocalPool().map(raise_at_five, range(9)))
    assert raised.value.reason == "seed-raised"
    assert isinstance(raised.value.__cause__, ValueError)


def test_ctrl_c_is_no_mistake_of_a_seed() -> None:
    def interrupt(seed: int) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_chunk(interrupt, (1, 2))
