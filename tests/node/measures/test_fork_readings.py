"""What is told of forks is the engine's own measure."""

from prometheus_client import Metric

from consensus.fork_measures import Branch, ForkMeasures
from node.measures.fork_readings import BRANCHES_SHOWN_MAX, FORKS
from node.measures.snapshot import Snapshot


def make_measures(branches: int) -> ForkMeasures:
    tips = [
        Branch(bytes([rank]) * 32, 100 - rank, 90, 1, is_adopted=not rank, is_stored=True)
        for rank in range(branches)
    ]
    return ForkMeasures(
        branches=tuple(tips),
        stale_blocks=7,
        fork_rates={100: 0.05},
        reorganisations={1: 4, 3: 1},
        orphans=2,
        difficulty=256,
        hash_rate_per_s=None,
        interval_ms=2_000.0,
        finality_ms=None,
    )


def read(name: str, measures: ForkMeasures | None) -> dict[str, float]:
    """The samples of a family, by its label."""
    (reading,) = (one for one in FORKS if one.name == name)
    snapshot = object.__new__(Snapshot)
    snapshot.__dict__["forks"] = measures
    family: Metric = reading.make_family(reading.read(snapshot))
    return {sample.labels.get(reading.label, ""): sample.value for sample in family.samples}


def test_measures_become_samples() -> None:
    measures = make_measures(20)
    assert read("stale_blocks", measures) == {"": 7}
    assert read("fork_rate", measures) == {"100": 0.05}
    assert read("branches", measures) == {"": 20}
    assert read("deepest_reorganisation_blocks", measures) == {"": 3}
    assert read("orphan_blocks", measures) == {"": 2}
    assert read("difficulty_hashes", measures) == {"": 256}
    assert read("network_hash_rate", measures) == {"": 0}
    assert read("block_interval_mean_seconds", measures) == {"": 2}
    assert read("time_to_finality_seconds", measures) == {"": 0}


def test_only_the_heaviest_branches_have_rows() -> None:
    heights = read("branch_height", make_measures(20))
    assert len(heights) == BRANCHES_SHOWN_MAX
    assert (heights["0"], heights["1"]) == (100, 99)
    assert list(read("branch_height", make_measures(1))) == ["0"]


def test_before_the_start_nothing_forks() -> None:
    assert read("branch_height", None) == read("fork_rate", None) == {}
    assert read("stale_blocks", None) == {"": 0}
