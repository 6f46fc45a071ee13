import pytest

from tests.consensus.pbft.committee_storms import Storm


@pytest.mark.parametrize("seed", [60, 76, 114, 176, 205, 223])
def test_changes_in_a_storm(seed: int) -> None:
    """Seeds that once showed a mistake, of the engine or of the simulator."""
    storm = Storm(seed)
    assert storm.run().startswith("at rest")
    assert any(host.application.tenure.former for host in storm.cluster.hosts.values())  # type: ignore[union-attr]


@pytest.mark.slow
def test_many_more() -> None:
    for seed in range(1_000, 1_100):
        assert Storm(seed).run().startswith("at rest"), seed
