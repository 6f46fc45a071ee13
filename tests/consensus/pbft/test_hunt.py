"""The hunter is hunted: storms and checkers must notice engines that are broken on purpose."""

from typing import Any

import pytest

from consensus.pbft import view_change
from consensus.pbft.messages import Accepted, PreparedCertificate, ViewChange
from consensus.simulation.checkers import ViolationError
from consensus.simulation.host import Host
from consensus.simulation.swarm import run_storm


def forget(monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
    """Journals lose all records of a kind."""
    write = Host.write

    def forgetful(self: Host, records: list[Any]) -> None:
        write(self, [record for record in records if not isinstance(record, kind)])

    monkeypatch.setattr(Host, "write", forgetful)


@pytest.mark.parametrize(
    ("kind", "seeds"),
    [(Accepted, range(60)), (PreparedCertificate, range(60)), (ViewChange, range(60))],
)
def test_a_journal_without_some_record_is_noticed(
    kind: type, seeds: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(monkeypatch, kind)
    with pytest.raises(ViolationError):
        for seed in seeds:
            run_storm(seed)


def test_view_changes_without_certificates_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = view_change.compute_view_change

    def bare(replica: Any) -> ViewChange:
        change = real(replica)
        return ViewChange(change.view, change.stable, change.checkpoint, ())

    monkeypatch.setattr(view_change, "compute_view_change", bare)
    with pytest.raises(ViolationError):
        for seed in range(60):
            run_storm(seed)
