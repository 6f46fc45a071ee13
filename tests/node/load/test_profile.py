import os

import pytest

from node.load.machine import describe_machine, read_commit
from node.load.profile import Consumption, compute_profile
from node.load.traffic import Traffic

QUIET = Traffic(frames={}, bytes={}, engine={}, heights=0)


def test_the_profile_adds_up() -> None:
    before = Consumption(10.0, [{"verify": 1.0}, {"verify": 2.0}], [5.0, 6.0], 1.0, QUIET)
    after = Consumption(
        20.0,
        [{"verify": 3.0, "execute": 0.5}, {"verify": 4.0, "execute": 0.5}],
        [9.0, 10.0],
        2.0,
        QUIET,
    )
    profile = compute_profile(before, after, 10_000)
    assert profile.stages_us == {"verify": 200.0, "execute": 50.0, "other": 150.0}
    assert sum(profile.stages_us.values()) == pytest.approx(profile.node_us) == 400.0
    assert profile.generator_us == 100.0
    assert profile.cpu_seconds_per_1000 == 0.8
    assert profile.machine_us == pytest.approx((os.cpu_count() or 1) * 1000.0)
    parts = profile.nodes * profile.node_us + profile.generator_us + profile.rest_us
    assert parts == pytest.approx(profile.machine_us)


def test_without_transactions_nothing_is_divided_by_zero() -> None:
    moment = Consumption(1.0, [{}], [1.0], 1.0, QUIET)
    assert compute_profile(moment, moment, 0).node_us == 0.0


def test_the_machine_is_described(tmp_path: os.PathLike[str]) -> None:
    machine = describe_machine()
    assert machine["cores"] == os.cpu_count()
    assert all(machine[name] for name in ("processor", "system", "python"))
    commit = read_commit()
    assert commit is None or len(commit.rstrip("+")) == 12
