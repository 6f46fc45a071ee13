import shlex

import pytest

from consensus.simulation.request import Request, WorldKind
from node.cli.simulate_checks import parse_duration_ms
from node.simulation.replay import tell_replay

ODD = Request(
    engine="pbft",
    nodes=5,
    f=2,
    timing=WorldKind.UNKNOWN_BOUND,
    faults=("loss", "crash"),
    faulty=2,
    beyond_bound=True,
    application="ledger",
    duration_ms=12_345,
    parameters={"window": 8, "timeout_ms": 300},
)


def test_what_is_at_its_default_is_left_out() -> None:
    told = tell_replay(Request(), 8812)
    assert told == "quorate simulate --engine pbft --nodes 4 --seed 8812 --trace"


def test_everything_else_is_told() -> None:
    assert tell_replay(ODD, 7) == (
        "quorate simulate --engine pbft --nodes 5 --f 2 --timing unknown-bound "
        "--faults loss,crash --faulty 2 --beyond-bound --application ledger --duration 12.345 "
        "--parameter timeout_ms=300 --parameter window=8 --seed 7 --trace"
    )


def test_every_field_of_a_request_is_told() -> None:
    """A field that is added later and forgotten here would make replays another run."""
    told = set(shlex.split(tell_replay(ODD, 7)))
    names = {name.replace("_", "-") for name in Request.__struct_fields__}
    flags = {"duration-ms": "duration", "parameters": "parameter"}
    assert {f"--{flags.get(name, name)}" for name in names} <= told


@pytest.mark.parametrize("duration_ms", [1, 999, 12_345, 1_234_567])
def test_durations_survive(duration_ms: int) -> None:
    words = shlex.split(tell_replay(Request(duration_ms=duration_ms), 1))
    told = words[words.index("--duration") + 1]
    assert parse_duration_ms(float(told)) == duration_ms
