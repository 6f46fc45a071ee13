"""What nodes say to each other: read from their metrics, shared out, held against a formula."""

import pytest
from prometheus_client import generate_latest

from consensus.errors import UnknownEngineError
from node.load.traffic import Traffic, compute_share, read_formula, sum_traffic
from node.metrics import Metrics
from node.peer_metrics import CountedPeers
from node.samples import Samples


def make_samples(height: int) -> Samples:
    metrics = Metrics()
    counted = CountedPeers(metrics)
    counted.frame_out("consensus", 100)
    counted.frame_out("consensus", 50)
    counted.frame_out("transactions", 1_000)
    counted.frame_in("consensus", 7)
    metrics.engine_messages.labels("out", "Accept").inc(2)
    metrics.engine_messages.labels("in", "Accept").inc(9)
    text = generate_latest(metrics.registry).decode()
    return Samples(f"{text}# TYPE quorate_final_height gauge\nquorate_final_height {height}\n")


def test_all_nodes_are_added_up_and_only_what_they_send() -> None:
    traffic = sum_traffic([make_samples(4), make_samples(5)])
    assert {kind: n for kind, n in traffic.frames.items() if n} == {
        "consensus": 4,
        "transactions": 2,
    }
    assert {kind: n for kind, n in traffic.bytes.items() if n} == {
        "consensus": 300,
        "transactions": 2_000,
    }
    assert dict(traffic.engine) == {"Accept": 4}
    assert traffic.heights == 5


def test_messages_are_shared_out_to_transactions_and_heights() -> None:
    before = Traffic(frames={"status": 5}, bytes={"status": 50}, engine={"Accept": 1}, heights=10)
    after = Traffic(
        frames={"status": 5, "consensus": 60},
        bytes={"status": 50, "consensus": 6_000},
        engine={"Accept": 13, "Accepted": 12},
        heights=14,
    )
    share = compute_share(before, after, 40, {"Accept": 3, "Accepted": 3})
    assert (share.messages, share.bytes, share.heights) == (1.5, 150.0, 4)
    assert share.messages_by_kind == {"consensus": 1.5}
    assert share.bytes_by_kind == {"consensus": 150.0}
    assert share.engine_per_height == share.formula == {"Accept": 3, "Accepted": 3}
    assert share.to_plain()["formula"] == {"Accept": 3, "Accepted": 3}


def test_nothing_is_divided_by_zero() -> None:
    still = Traffic(frames={"status": 5}, bytes={"status": 50}, engine={}, heights=3)
    share = compute_share(still, still, 0, {})
    assert (share.messages, share.bytes, share.messages_by_kind) == (0, 0, {})


def test_the_formula_is_the_engine_s_own() -> None:
    assert read_formula("paxos", 4) == {"Accept": 3, "Accepted": 3, "Heartbeat": 3}
    with pytest.raises(UnknownEngineError):
        read_formula("raft", 4)
