"""The hunter is hunted: storms and checkers must notice engines that are broken on purpose."""

from typing import Any

import pytest

from consensus.message import Signed
from consensus.pbft import view_change
from consensus.pbft.messages import Accepted, Commit, PreparedCertificate, PrePrepare, ViewChange
from consensus.simulation.cluster import make_cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.journal import Journal
from consensus.simulation.request import Request
from consensus.simulation.run import run_seed


def forget(monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
    """Journals lose all records of a kind."""
    append, rewrite = Journal.append, Journal.rewrite

    def forgetful_append(self: Journal, record: Any) -> None:
        if not isinstance(record, kind):
            append(self, record)

    def forgetful_rewrite(self: Journal, records: tuple[Any, ...]) -> None:
        rewrite(self, tuple(record for record in records if not isinstance(record, kind)))

    monkeypatch.setattr(Journal, "append", forgetful_append)
    monkeypatch.setattr(Journal, "rewrite", forgetful_rewrite)


def hide_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """View changes say that nothing was prepared."""
    real = view_change.compute_view_change

    def bare(replica: Any) -> ViewChange:
        change = real(replica)
        return ViewChange(change.view, change.stable, change.checkpoint, ())

    monkeypatch.setattr(view_change, "compute_view_change", bare)


def is_of_view_0(message: Any) -> bool:
    """A proposal or vote of the first view."""
    if isinstance(message, PrePrepare):
        return message.proposal.body.view == 0
    return isinstance(message, Signed) and getattr(message.body, "view", 1) == 0


def decide_at_one_and_change_view() -> None:
    """Only replica 3 decides; the others restart and must find the value in another view."""
    cluster = make_cluster(parameters={"timeout_ms": 600, "idle_block_ms": 100})
    cluster.start()
    cluster.links.filters.append(
        lambda _a, b, m: b == 3 or not (isinstance(m, Signed) and isinstance(m.body, Commit))
    )
    cluster.submit("pay")
    cluster.run(25)
    assert cluster.heights() == (0, 0, 0, 1)
    for name in range(4):
        cluster.crash(name)
    cluster.links.heal()
    cluster.links.filters.append(lambda _a, _b, m: not is_of_view_0(m))
    for name in range(3):
        cluster.restart(name)
    cluster.submit("other")
    assert cluster.run_until(lambda: min(cluster.heights()[:3]) >= 2, 20_000)


def test_what_one_replica_decided_is_found_again() -> None:
    decide_at_one_and_change_view()


def test_without_its_certificates_in_the_journal_it_would_be_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget(monkeypatch, PreparedCertificate)
    with pytest.raises(ViolationError, match="disagrees by height 1"):
        decide_at_one_and_change_view()


def test_without_its_certificates_in_view_changes_it_would_be_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hide_certificates(monkeypatch)
    with pytest.raises(ViolationError, match="disagrees by height 1"):
        decide_at_one_and_change_view()


def is_noticed(seeds: range) -> bool:
    """Does a storm break something."""
    return any(run_seed(Request(nodes=0), seed).violation for seed in seeds)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Accepted, PreparedCertificate, ViewChange])
def test_storms_notice_a_journal_without_some_record(
    kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(monkeypatch, kind)
    assert is_noticed(range(100))


@pytest.mark.slow
def test_storms_notice_view_changes_without_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_certificates(monkeypatch)
    assert is_noticed(range(100))
