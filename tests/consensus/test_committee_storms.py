import pytest

from tests.consensus.committee_storms import Storm

SEEDS = {"pbft": (0, 60, 76, 114, 176, 205, 223), "paxos": (0, 3, 5, 7, 8, 10, 36)}
"""Seeds that once showed a mistake, of the engine or of the simulator."""


@pytest.mark.parametrize(
    ("engine", "seed"), [(engine, seed) for engine, seeds in SEEDS.items() for seed in seeds]
)
def test_changes_in_a_storm(engine: str, seed: int) -> None:
    storm = Storm(seed, engine)
    assert storm.run().startswith("at rest")
    assert any(host.application.tenure.former for host in storm.cluster.hosts.values())  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.parametrize("engine", SEEDS)
def test_many_more(engine: str) -> None:
    for seed in range(1_000, 1_060):
        assert Storm(seed, engine).run().startswith("at rest"), seed
