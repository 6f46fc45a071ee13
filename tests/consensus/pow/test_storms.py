"""Random faults from a seed: no final block differs, none is undone, and all work becomes final."""

import pytest

from consensus import catalog
from consensus.errors import ConsensusError
from consensus.pow.parameters import PRESETS, RESTLESS, Parameters
from consensus.simulation.request import Request, WorldKind
from consensus.simulation.run import run_seed


@pytest.mark.parametrize("nodes", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("seed", range(2))
def test_all_faults_at_once(nodes: int, seed: int) -> None:
    outcome = run_seed(Request(engine="pow", nodes=nodes), seed)
    assert outcome.violation is None, outcome.violation
    assert outcome.decided > 2


@pytest.mark.parametrize("timing", WorldKind)
def test_every_timing_model(timing: WorldKind) -> None:
    outcome = run_seed(Request(engine="pow", timing=timing), 3)
    assert outcome.violation is None, outcome.violation


@pytest.mark.parametrize("seed", [324, 1_035])
def test_seeds_that_once_found_something(seed: int) -> None:
    """324: a liar spoiled the body of a block, and the block itself was refused ever after."""
    outcome = run_seed(Request(engine="pow"), seed)
    assert outcome.violation is None, outcome.violation


@pytest.mark.slow
@pytest.mark.parametrize("nodes", [4, 7])
def test_many_more(nodes: int) -> None:
    """Forty are enough: the hardest of the planted bugs needs 37 storms to be found."""
    request = Request(engine="pow", nodes=nodes)
    violations = [o for seed in range(100, 140) if (o := run_seed(request, seed)).violation]
    assert not violations


@pytest.mark.parametrize("preset", [*PRESETS.values(), *RESTLESS])
def test_presets_are_parameters(preset: dict[str, int]) -> None:
    spec = catalog.get("pow")
    assert catalog.parse_parameters(spec, preset) == Parameters(**preset)


def test_bitcoins_own_numbers() -> None:
    rule = Parameters(**PRESETS["bitcoin"]).retargeting
    assert rule.expected == 14 * 24 * 3_600 * 1_000
    assert (rule.window, rule.measured_intervals, rule.clamp) == (2_016, 2_015, 4)
    assert rule.limit == 0xFFFF << 208


@pytest.mark.parametrize(
    "mapping",
    [
        {"interval_ms": 0},
        {"window": 1},
        {"clamp": 1},
        {"depth": 0},
        {"first_bits": 0x01003456},
        {"first_bits": 0x04923456},
        {"first_bits": 0xFF123456},
        {"limit_bits": 0x1D00FFFF},
        {"random_ties": 2},
        {"simulated_work": True},
        {"unknown": 1},
    ],
)
def test_bad_parameters_are_refused(mapping: dict[str, int]) -> None:
    with pytest.raises(ConsensusError):
        catalog.parse_parameters(catalog.get("pow"), mapping)
