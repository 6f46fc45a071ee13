"""Families: closed sets stand from the start, and where nothing is counted there is no family."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from consensus import catalog
from node.measures.families import Families
from node.metrics import Metrics
from node.peer_metrics import CountedPeers
from node.stages import Stages


def list_names(metrics: Metrics) -> set[str]:
    return {family.name for family in metrics.registry.collect()}


def test_every_combination_of_labels_is_there_before_anything_happened() -> None:
    families = Families(CollectorRegistry())
    families.counter("things_total", "Things.", {"a": ("x", "y"), "b": ("1", "2")})
    text = generate_latest(families.registry).decode()
    assert [line for line in text.splitlines() if not line.startswith("#")] == [
        f'quorate_things_total{{a="{a}",b="{b}"}} 0.0' for a in "xy" for b in "12"
    ]


def test_a_label_whose_values_are_not_known_shows_none() -> None:
    families = Families(CollectorRegistry())
    family = families.histogram("times_seconds", "Times.", (1,), {"route": (), "kind": ("x",)})
    assert b"_bucket" not in generate_latest(families.registry)
    family.labels("/", "x").observe(0.5)
    assert b'quorate_times_seconds_count{kind="x",route="/"} 1.0' in generate_latest(
        families.registry
    )


@pytest.mark.parametrize("engine", catalog.names())
def test_the_engine_s_own_words_are_labels_from_the_start(engine: str) -> None:
    spec = catalog.get(engine)
    sample = Metrics(spec).registry.get_sample_value
    for refusal in spec.refusals:
        assert sample("quorate_engine_ignored_total", {"refusal": refusal}) == 0


def test_what_has_no_meaning_for_an_engine_is_not_shown() -> None:
    chain, tree = (list_names(Metrics(catalog.get(name))) for name in ("paxos", "pow"))
    assert chain - tree == {"quorate_reads", "quorate_read_seconds"}
    assert tree - chain == {
        "quorate_reorganisation_depth_blocks",
        "quorate_transactions_returned",
        "quorate_branches_refuted",
    }


def test_without_counting_nothing_counted_is_shown_and_nobody_notices() -> None:
    metrics = Metrics(catalog.get("pbft"), is_counting=False)
    peers, stages = CountedPeers(metrics), Stages(metrics.registry, is_counting=False)
    peers.frame_in("status", 10)
    peers.request_done("get_bodies", "answered", 0.1)
    metrics.submit_to_final.observe_many([1.0])
    metrics.divergence.set(1)
    metrics.evidence.inc()
    metrics.http_requests.labels("/", "GET", "200").inc()
    with metrics.journal_sync.time(), stages.measure("verify"):
        pass
    assert set(stages.seconds.values()) == {0.0}
    own = {name for name in list_names(metrics) if name.startswith("quorate_")}
    assert own == {"quorate_build"}
