"""Random faults from a seed: safe at every step, and done within a bound once a core is well."""

import pytest

from consensus.simulation.request import Request, WorldKind
from consensus.simulation.run import run_seed


@pytest.mark.parametrize("nodes", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("seed", range(4))
def test_all_faults_at_once(nodes: int, seed: int) -> None:
    outcome = run_seed(Request(nodes=nodes), seed)
    assert outcome.violation is None, outcome.violation
    assert outcome.decided > 2


@pytest.mark.parametrize("timing", WorldKind)
@pytest.mark.parametrize("seed", range(3))
def test_every_timing_model(timing: WorldKind, seed: int) -> None:
    outcome = run_seed(Request(timing=timing), seed)
    assert outcome.violation is None, outcome.violation


@pytest.mark.slow
@pytest.mark.parametrize("nodes", [4, 7])
def test_many_more(nodes: int) -> None:
    request = Request(nodes=nodes)
    violations = [o for seed in range(100, 200) if (o := run_seed(request, seed)).violation]
    assert not violations
